//! A retry budget whose reserve is the whole fleet's.

use fusebox::{BudgetConfig, RetryBudget};
use fusebox_fleet::{FleetBudget, Share, Simulated};

#[test]
fn each_instance_has_its_part_of_the_reserve() {
    static BUDGET: RetryBudget = RetryBudget::new(BudgetConfig::share(0.2).build());
    static SHARED: FleetBudget = FleetBudget::new("shop", &BUDGET, 100);
    let mut store = Simulated::new().of("host-7");
    let before = BUDGET.settings().unwrap();
    for (alive, part) in [(1, 100), (4, 25), (7, 14), (100, 1), (101, 0), (0, 100)] {
        SHARED.renew(&mut store, alive).unwrap();
        let settings = BUDGET.settings().unwrap();
        assert_eq!(settings.reserve_per_second(), part, "{alive} instances");
        // All else is the budget's own.
        let rest = settings.config().reserve_per_second(before.reserve_per_second()).build();
        assert_eq!(rest, before);
    }
}

#[test]
fn a_reserve_that_a_budget_cannot_keep_is_told() {
    static BUDGET: RetryBudget = RetryBudget::new(BudgetConfig::share(0.2).build());
    static SHARED: FleetBudget = FleetBudget::new("shop", &BUDGET, 5_000);
    let mut store = Simulated::new().of("host-7");
    let why = SHARED.renew(&mut store, 1).unwrap_err().to_string();
    assert!(why.contains("`reserve_per_second` is 5000"), "{why}");
}
