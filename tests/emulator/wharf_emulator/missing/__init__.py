"""Operations that stock moto lacks, one module for each service."""
