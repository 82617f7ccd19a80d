//! People's names: titles, order, capitals, initials.
