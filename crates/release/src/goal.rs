//! How far a deployment has to be, and whether it is: a decision without I/O.

use crate::report::{Deployment, Phase, Pipeline, Report};

/// How far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// It waits to be promoted, or is further.
    Ready,
    /// Production traffic has moved.
    Rerouted,
    /// It has succeeded.
    Done,
}

/// Whether it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Reached,
    /// It may still come to it.
    UnderWay,
    /// It will not come to it: the deployment, or the pipeline before it, has failed or was stopped.
    Failed,
    /// There is nothing to wait for: no deployment, and nothing that would bring one.
    Nothing,
}

impl Goal {
    /// Whether what a report says is as far. A pipeline that is on its way to a deployment counts for that deployment, rather
    /// than the one before it, which it found ended. CodeDeploy's own rollback says that what it takes back has failed.
    pub fn judge(self, report: &Report) -> Verdict {
        let pipeline_failed = report.pipeline.as_ref().is_some_and(Pipeline::has_failed);
        let Some(deployment) = &report.deployment else {
            return match &report.pipeline {
                Some(pipeline) if pipeline.is_running() => Verdict::UnderWay,
                _ if pipeline_failed => Verdict::Failed,
                _ => Verdict::Nothing,
            };
        };
        if deployment.phase.has_ended() || report.goes_back() {
            if report.deployment_is_to_come() {
                return Verdict::UnderWay;
            }
            let started = report.pipeline.as_ref().and_then(|pipeline| pipeline.started);
            if report.goes_back()
                || pipeline_failed && !report.pipeline_is_past() && deployment.created < started
            {
                return Verdict::Failed;
            }
        }
        self.judge_deployment(deployment)
    }

    /// Whether a deployment is as far. One that goes back moves production traffic, too, but comes to nothing.
    pub fn judge_deployment(self, deployment: &Deployment) -> Verdict {
        let needed = match self {
            Goal::Ready => Phase::Ready,
            Goal::Rerouted => Phase::Rerouted,
            Goal::Done => Phase::Done,
        };
        match deployment.phase {
            Phase::Failed => Verdict::Failed,
            _ if deployment.goes_back() => Verdict::UnderWay,
            phase if phase >= needed => Verdict::Reached,
            _ => Verdict::UnderWay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{
        deployment, failed_deployment, pipeline_at, pipeline_failed_at, report, rollback_of,
    };

    #[test]
    fn each_phase_is_as_far_as_it_is() {
        use Verdict::{Failed, Reached, UnderWay};
        for (phase, ready, rerouted, done) in [
            (Phase::Preparing, UnderWay, UnderWay, UnderWay),
            (Phase::Ready, Reached, UnderWay, UnderWay),
            (Phase::Rerouting, Reached, UnderWay, UnderWay),
            (Phase::Rerouted, Reached, Reached, UnderWay),
            (Phase::Done, Reached, Reached, Reached),
            (Phase::Failed, Failed, Failed, Failed),
        ] {
            let report = report().with(deployment("as it is", phase));
            let verdicts = [Goal::Ready, Goal::Rerouted, Goal::Done].map(|goal| goal.judge(&report));
            assert_eq!(verdicts, [ready, rerouted, done], "{phase:?}");
        }
    }

    #[test]
    fn what_goes_back_is_nowhere_near() {
        for status in ["STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"] {
            let report = report().with(deployment(status, Phase::Rerouting));
            assert_eq!(Goal::Ready.judge(&report), Verdict::UnderWay);
        }
    }

    #[test]
    fn a_pipeline_on_its_way_is_waited_for() {
        let now = report().looked;
        let mut before_any = report();
        assert_eq!(Goal::Ready.judge(&before_any), Verdict::Nothing);
        before_any.pipeline = Some(pipeline_at("build", now));
        assert_eq!(Goal::Ready.judge(&before_any), Verdict::UnderWay);
        // The deployment before has ended, well or not, and is not meant.
        for phase in [Phase::Done, Phase::Failed] {
            let again = Report { deployment: Some(deployment("ended", phase)), ..before_any.clone() };
            assert_eq!(Goal::Done.judge(&again), Verdict::UnderWay);
        }
        // One that runs is.
        let waiting = Report { deployment: Some(deployment("Ready", Phase::Ready)), ..before_any };
        assert_eq!(Goal::Ready.judge(&waiting), Verdict::Reached);
    }

    #[test]
    fn a_rollback_by_codedeploy_is_a_failure_however_well_it_ends() {
        for (status, phase) in
            [("InProgress", Phase::Rerouting), ("Succeeded", Phase::Done), ("Failed", Phase::Failed)]
        {
            let mut report = rollback_of(failed_deployment("TIMEOUT", "too late"), status, phase);
            let verdicts =
                |report: &Report| [Goal::Ready, Goal::Rerouted, Goal::Done].map(|goal| goal.judge(report));
            assert_eq!(verdicts(&report), [Verdict::Failed; 3], "{status}");
            // The pipeline that brought what failed was started before that.
            let asked = report.asked_for().unwrap();
            report.pipeline = Some(pipeline_at("deploy", asked.plus_minutes(-5)));
            assert_eq!(verdicts(&report), [Verdict::Failed; 3], "{status}");
            // Whatever becomes of what failed, the pipeline is on its way to another one: it began before the rollback.
            report.pipeline = Some(pipeline_at("build", asked.plus_minutes(2)));
            assert_eq!(verdicts(&report), [Verdict::UnderWay; 3], "{status}");
        }
    }

    #[test]
    fn a_rollback_does_not_hide_that_the_pipeline_failed() {
        let mut report = rollback_of(failed_deployment("TIMEOUT", "too late"), "Succeeded", Phase::Done);
        let mut pipeline = pipeline_failed_at("CodeDeployToECS", "d-1");
        let asked = report.asked_for().unwrap();
        pipeline.started = Some(asked.plus_minutes(-5));
        for action in pipeline.stages.iter_mut().flat_map(|stage| &mut stage.actions) {
            action.updated = Some(asked.plus_minutes(4));
        }
        report.pipeline = Some(pipeline);
        assert!(report.deployment.as_ref().unwrap().created > report.pipeline.as_ref().unwrap().updated());
        assert!(!report.pipeline_is_past());
    }

    #[test]
    fn a_pipeline_that_failed_on_its_way_is_a_failure() {
        let mut failed = report();
        failed.pipeline = Some(pipeline_failed_at("CodeBuild", "shop:1"));
        assert_eq!(Goal::Ready.judge(&failed), Verdict::Failed);
        failed.deployment = Some(deployment("Succeeded", Phase::Done));
        assert_eq!(Goal::Ready.judge(&failed), Verdict::Failed);
        // It had deployed before something else of it failed.
        let mut later = failed.clone();
        later.pipeline = later.pipeline.map(|mut pipeline| {
            pipeline.started = Some(pipeline.started.unwrap().plus_minutes(-20));
            pipeline
        });
        assert_eq!(Goal::Ready.judge(&later), Verdict::Reached);
    }
}
