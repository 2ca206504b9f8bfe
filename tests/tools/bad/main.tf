# What stack.yaml beside it says, for Terraform.
resource "aws_vpc" "vpc" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_security_group" "open" {
  name        = "open"
  description = "open"
  vpc_id      = aws_vpc.vpc.id
  ingress {
    description = "ssh"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    description = "rdp"
    from_port   = 3389
    to_port     = 3389
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_s3_bucket" "public" {
  bucket = "wharf-bad-public"
}

resource "aws_s3_bucket" "closed" {
  bucket = "wharf-bad-closed"
}

resource "aws_s3_bucket_public_access_block" "closing" {
  bucket                  = aws_s3_bucket.closed.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_ecr_repository" "registry" {
  name = "bad"
}

resource "aws_ecr_repository" "scanned" {
  name                 = "scanned"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_kms_key" "key" {
  description = "bad"
}

resource "aws_iam_policy" "everything" {
  name = "everything"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }]
  })
}

resource "aws_iam_policy" "partly_known" {
  name = "partly-known"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "kms:Decrypt", Resource = "arn:aws:kms:eu-central-1:123456789012:key/known" },
      { Effect = "Allow", Action = "*", Resource = "*" },
    ]
  })
}

resource "aws_cloudwatch_log_group" "logs" {
  name              = "/bad/logs"
  retention_in_days = 7
}

resource "aws_ecs_cluster" "cluster" {
  name = "bad"
}

resource "aws_ecs_task_definition" "task" {
  family                = "bad"
  container_definitions = jsonencode([{ name = "web", image = "nginx", memory = 128, privileged = true, essential = true }])
}
