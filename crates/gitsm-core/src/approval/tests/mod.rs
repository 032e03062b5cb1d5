//! Tests of approvals: the attacks of the catalogue, the rules one by one, and laws over random facts.

mod attacks;
mod laws;
mod rules;
mod scene;
mod unmeetable;
