//! Model M23: of a retry budget no more is withdrawn than is there, and no call's share
//! is lost.

use fusebox::{BudgetConfig, RetryBudget, planted::Defect};
use loom::{sync::Arc, thread};
use loom_tests::{TestClock, catches, check, claim};

type Budget = RetryBudget<TestClock>;

/// A budget of a half that has room for `burst` retries, of which so many are spent.
fn budget(burst: u32, spent: u32) -> Arc<Budget> {
    let settings = BudgetConfig::share(0.5).reserve_per_second(0).burst(burst).build();
    let budget = RetryBudget::with(settings, TestClock::default());
    for _ in 0..spent {
        assert!(budget.try_withdraw());
    }
    Arc::new(budget)
}

/// Two retries want the one that is left, while two calls begin, which are worth
/// another.
fn withdrawals_against_deposits() {
    let budget = budget(2, 1);
    let retries: Vec<_> = (0..2)
        .map(|_| {
            let budget = budget.clone();
            thread::spawn(move || u32::from(budget.try_withdraw()))
        })
        .collect();
    budget.deposit();
    budget.deposit();
    let allowed: u32 = retries.into_iter().map(|it| it.join().unwrap()).sum();
    claim!((1..=2).contains(&allowed), "{allowed} of 2 were allowed, where 1 or 2 were there");
    // 1 and the two halves.
    let left = budget.available();
    claim!(allowed + left == 2, "{allowed} and {left} left are not 2");
}

/// Two retries want the one that is left.
fn two_withdrawals_of_the_last() {
    let budget = budget(3, 2);
    let other = {
        let budget = budget.clone();
        thread::spawn(move || u32::from(budget.try_withdraw()))
    };
    let allowed = u32::from(budget.try_withdraw()) + other.join().unwrap();
    claim!(allowed == 1, "{allowed} took the last one");
}

#[test]
fn no_more_is_withdrawn_than_is_there_and_no_deposit_is_lost() {
    check(withdrawals_against_deposits);
    check(two_withdrawals_of_the_last);
}

#[test]
fn a_withdrawal_by_a_store_is_caught() {
    catches(Defect::WithdrawalByStore, withdrawals_against_deposits);
    catches(Defect::WithdrawalByStore, two_withdrawals_of_the_last);
}

#[test]
fn a_deposit_by_a_store_is_caught() {
    catches(Defect::DepositByStore, withdrawals_against_deposits);
}
