"""The AWS emulator that wharf's tests and demo talk to: moto, completed, made strict and made faulty on request."""
