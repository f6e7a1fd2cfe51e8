//! Members of a failover set from the slots of a registry.

use crate::{
    breaker::settings::BreakerSettings,
    failover::Member,
    registry::{error::RegistryError, panel::Panel},
};

impl<'a, C, O> Panel<'a, C, O> {
    /// Finds the breakers of these names, whatever their settings, or registers them with
    /// `settings`, and makes members of a [`FailoverSet`](crate::FailoverSet) from them. So
    /// whoever looks at the panel sees each of them.
    ///
    /// # Errors
    /// [`RegistryError::Name`] and [`RegistryError::Full`], as
    /// [`Registry::get_or_default`](crate::Registry::get_or_default).
    ///
    /// # Panics
    /// Never: each of them is found, or it is an error.
    ///
    /// ```
    /// use fusebox::{BreakerConfig, FailoverConfig, FailoverSet, Registry};
    ///
    /// static SERVICES: Registry<8> = Registry::new();
    ///
    /// let settings = BreakerConfig::new().failure_threshold(3).build();
    /// let members = SERVICES.panel().members(["shop eu", "shop us"], settings)?;
    /// let shops = FailoverSet::named("shops", members, FailoverConfig::new().build());
    /// SERVICES.get("shop eu").unwrap().force_open();
    /// assert_eq!(shops.call(|shop| Ok::<_, ()>(shop.name())), Ok("shop us"));
    /// # Ok::<(), fusebox::RegistryError>(())
    /// ```
    pub fn members<const N: usize>(
        self,
        names: [&'a str; N],
        settings: BreakerSettings,
    ) -> Result<[Member<'a, (), C, O>; N], RegistryError> {
        let mut breakers = [None; N];
        for (breaker, name) in breakers.iter_mut().zip(names) {
            *breaker = Some(self.get_or_init(name, settings)?);
        }
        Ok(core::array::from_fn(|at| {
            let breaker = breakers[at].expect("each of them was found");
            Member::new(names[at], breaker)
        }))
    }
}
