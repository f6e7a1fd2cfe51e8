#![allow(missing_docs)]
fn main() {
    use fusebox_lab::table::foresight;
    println!("{}", foresight::leads_table().markdown());
    println!("{}", foresight::false_alarms_table().markdown());
    println!("{}", foresight::misses());
}
