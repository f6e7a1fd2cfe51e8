//! Keeps a pressure sampled: on a thread, or in a task.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{Builder, JoinHandle, park_timeout},
};

use crate::{
    overload::pressure::{linux::PressureSampler, pressure::Pressure},
    time::{AsyncSleep, Clock},
};

impl<C: Clock> Pressure<C> {
    /// Takes one reading.
    fn sample(&self, sampler: &mut PressureSampler) {
        // One that failed leaves the last, which is soon too old: the host is calm then.
        if let Ok(reading) = sampler.sample() {
            self.set(reading);
        }
    }

    /// Starts a thread that takes a reading each 250 ms, until the guard is dropped: the
    /// host is calm again then. A reading that fails is left out.
    ///
    /// # Errors
    /// When the system starts no thread.
    ///
    /// ```
    /// use fusebox::{Pressure, PressureConfig, PressureSampler};
    ///
    /// static HOST: Pressure = Pressure::new(PressureConfig::new().build());
    ///
    /// let sampler = match PressureSampler::open() {
    ///     Ok(sampler) => Some(HOST.keep_sampled(sampler)?),
    ///     Err(error) => {
    ///         eprintln!("the host's pressure is not heeded: {error}");
    ///         None
    ///     }
    /// };
    /// # drop(sampler);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn keep_sampled(&'static self, sampler: PressureSampler) -> io::Result<KeepSampled>
    where
        C: Sync,
    {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let mut sampler = sampler;
        let thread = Builder::new().name("fusebox pressure".into()).spawn(move || {
            let _calm = Calm(self);
            loop {
                park_timeout(PressureSampler::EVERY);
                // A flag alone, and the join orders the rest: relaxed.
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                self.sample(&mut sampler);
            }
        })?;
        Ok(KeepSampled { stop, thread: Some(thread) })
    }

    /// Takes a reading each 250 ms, for as long as it is polled: give it to a task of its
    /// own. When it is dropped, the host is calm again. A reading that fails is left out.
    /// The files that it reads are the kernel's, and block nobody.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use fusebox::{Pressure, PressureConfig, PressureSampler};
    ///
    /// static HOST: Pressure = Pressure::new(PressureConfig::new().build());
    ///
    /// # #[cfg(feature = "tokio")]
    /// let task = tokio::spawn(HOST.keep_sampled_async(PressureSampler::open()?, fusebox::StdSleep));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn keep_sampled_async<S: AsyncSleep>(
        &self,
        sampler: PressureSampler,
        sleeper: S,
    ) -> Infallible {
        let _calm = Calm(self);
        let mut sampler = sampler;
        loop {
            sleeper.sleep_async(PressureSampler::EVERY).await;
            self.sample(&mut sampler);
        }
    }
}

/// Whoever stops sampling leaves the host calm.
struct Calm<'p, C>(&'p Pressure<C>);

impl<C> Drop for Calm<'_, C> {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// Keeps a [`Pressure`] sampled until it is dropped.
#[derive(Debug)]
#[must_use = "nothing is sampled any more when this is dropped"]
pub struct KeepSampled {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for KeepSampled {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It cannot panic: nothing in its loop does.
            thread.join().ok();
        }
    }
}
