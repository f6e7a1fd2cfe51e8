//! Processes that were forked from one: R10, B18. A program of its own, since
//! only a process of one thread may fork and go on as if nothing were.

#[cfg(unix)]
fn main() {
    forked::each_child_draws_its_own_jitter();
    println!("forked children draw their own jitter: ok");
    forked::from_a_seed_that_was_set_all_draw_the_same();
    println!("from a seed that was set they all draw the same: ok");
}

// Nothing forks elsewhere.
#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod forked {
    use std::{
        collections::HashSet,
        io::{PipeWriter, Read as _, Write as _, pipe},
        process,
        time::Duration,
    };

    use fork::{Fork, fork, waitpid};
    use fusebox::{
        Backoff, BackoffConfig, BreakerConfig, BreakerSettings, CircuitBreaker, DefaultObserver,
        ManualClock, set_seed,
    };

    const CHILDREN: usize = 8;
    const BREAKERS: usize = 4;
    /// Its first delay is one of a thousand million nanoseconds.
    const BACKOFF: Backoff = BackoffConfig::new().build();
    /// An opening's share of the jitter has 16 bits: a timeout of so many
    /// milliseconds shows them all.
    const TIMEOUT: Duration = Duration::from_millis(1 << 16);
    const SETTINGS: BreakerSettings = BreakerConfig::new()
        .failure_threshold(1)
        .recovery_timeout(TIMEOUT)
        .recovery_jitter(100)
        .build();

    type Breaker<'a> = CircuitBreaker<&'a ManualClock>;

    /// What a process draws: the first delays of two retries, and for how long
    /// its breakers will stay open.
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    struct Drawn {
        delays: [u64; 2],
        waits: [u64; BREAKERS],
    }

    impl Drawn {
        fn here(breakers: &[Breaker<'_>; BREAKERS]) -> Self {
            let wait = |breaker: &Breaker<'_>| {
                let rejected = breaker.try_acquire().map(drop).expect_err("it is open");
                millis(rejected.retry_after().expect("it says when"))
            };
            let waits = breakers.each_ref().map(wait);
            assert_eq!(waits, breakers.each_ref().map(wait), "an opening's wait is drawn once");
            Self { delays: [(); 2].map(|()| nanos(BACKOFF.take(1).next().unwrap())), waits }
        }

        fn write(&self, mut to: PipeWriter) {
            for number in self.delays.iter().chain(&self.waits) {
                to.write_all(&number.to_le_bytes()).unwrap();
            }
        }

        fn parse(bytes: &[u8]) -> Self {
            let (numbers, rest) = bytes.as_chunks();
            assert!(rest.is_empty());
            let numbers: Vec<u64> = numbers.iter().map(|it| u64::from_le_bytes(*it)).collect();
            let (delays, waits) = numbers.split_at(2);
            Self { delays: delays.try_into().unwrap(), waits: waits.try_into().unwrap() }
        }
    }

    fn millis(time: Duration) -> u64 {
        time.as_millis().try_into().unwrap()
    }

    fn nanos(time: Duration) -> u64 {
        time.as_nanos().try_into().unwrap()
    }

    /// Breakers that have just opened, all at one moment.
    fn opened(clock: &ManualClock) -> [Breaker<'_>; BREAKERS] {
        [(); BREAKERS].map(|()| {
            let breaker = CircuitBreaker::with(None, SETTINGS, clock, DefaultObserver);
            breaker.try_acquire().unwrap().failure();
            breaker
        })
    }

    /// What each of so many children draws.
    fn drawn_by_children(breakers: &[Breaker<'_>; BREAKERS]) -> Vec<Drawn> {
        let children: Vec<_> = (0..CHILDREN)
            .map(|_| {
                let (mut reader, writer) = pipe().unwrap();
                match fork().expect("a child") {
                    Fork::Child => {
                        Drawn::here(breakers).write(writer);
                        process::exit(0);
                    }
                    Fork::Parent(child) => {
                        drop(writer);
                        let mut bytes = Vec::new();
                        reader.read_to_end(&mut bytes).unwrap();
                        (child, bytes)
                    }
                }
            })
            .collect();
        let drawn = |(child, bytes): (_, Vec<u8>)| {
            assert_eq!(waitpid(child).unwrap(), 0, "the child ended well");
            Drawn::parse(&bytes)
        };
        children.into_iter().map(drawn).collect()
    }

    pub(crate) fn each_child_draws_its_own_jitter() {
        let clock = ManualClock::new();
        let breakers = opened(&clock);
        // The parent draws first: whatever it found, its children inherit.
        let mut all = vec![Drawn::here(&breakers)];
        all.extend(drawn_by_children(&breakers));
        // Of 18 delays each is one of 10^9: two are the same by chance once in
        // 6 million runs. Of 9 times four waits each four are 64 bits, and two
        // of them the same once in 5 * 10^17 runs.
        let delays: HashSet<_> = all.iter().flat_map(|it| it.delays).collect();
        assert_eq!(delays.len(), 2 * all.len(), "retries share a jitter: {all:#?}");
        let waits: HashSet<_> = all.iter().map(|it| it.waits).collect();
        assert_eq!(waits.len(), all.len(), "recoveries share a jitter: {all:#?}");
        for wait in waits.iter().flatten() {
            assert!((millis(TIMEOUT)..=2 * millis(TIMEOUT)).contains(wait));
        }
    }

    pub(crate) fn from_a_seed_that_was_set_all_draw_the_same() {
        set_seed(0x5EED);
        let clock = ManualClock::new();
        let breakers = opened(&clock);
        let parent = Drawn::here(&breakers);
        let children = drawn_by_children(&breakers);
        let same: HashSet<_> = children.iter().collect();
        assert_eq!(same.len(), 1, "a run with a seed cannot be repeated: {children:#?}");
        assert_eq!(children[0].waits, parent.waits, "and the parent with them");
        // Two retries of one process do not share a jitter even so.
        let [first, second] = children[0].delays;
        assert_ne!(first, second);
    }
}
