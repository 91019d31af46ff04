//! cityhall
