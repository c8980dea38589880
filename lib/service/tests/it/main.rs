//! Integration tests: contracts, and every endpoint and job on real PostgreSQL and Redis.

mod contract;
