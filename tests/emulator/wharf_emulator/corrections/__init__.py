"""Behaviour of stock moto made as strict as AWS, one module for each service."""
