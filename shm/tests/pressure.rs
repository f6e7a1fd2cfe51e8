//! The host's pressure in a panel: one sampler writes it, all processes read it.

use fusebox::{LimitKind, Pipeline, PressureConfig, PressureLevel, PressureReading, Priority};
use fusebox_shm::{Options, SharedPanel, SharedRegistry, SharedView};

const BUSY: PressureReading = PressureReading { cpu: 900, queue: 40, ..PressureReading::CALM };

#[test]
fn o4_one_sampler_writes_the_pressure_of_all_who_share_a_panel() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel");
    let program = SharedRegistry::<8>::open(&path, Options::new()).unwrap();
    let another = SharedRegistry::<8>::open(&path, Options::new()).unwrap();
    let view = SharedView::open(&path).unwrap();
    assert_eq!((program.pressure().level(), view.pressure()), (PressureLevel::Calm, None));

    let sampler = SharedPanel::open(&path).unwrap();
    sampler.pressure().set_settings(PressureConfig::new().cpu(50).build());
    sampler.pressure().set(BUSY);
    sampler.pressure().set(BUSY);
    for host in [program.pressure(), another.pressure()] {
        assert_eq!((host.level(), host.reading()), (PressureLevel::High, Some(BUSY)));
        assert_eq!(host.settings().cpu(), 50);
        let background = host.admit(Priority::BACKGROUND).unwrap_err();
        assert_eq!(background.kind(), LimitKind::Pressure);
    }
    assert_eq!(view.pressure(), Some((BUSY, PressureLevel::High)));
    let work = Pipeline::new().pressure(program.pressure());
    assert_eq!(work.call(&(), |()| Ok::<_, ()>(1)), Ok(1));

    sampler.pressure().clear();
    assert_eq!((program.pressure().level(), view.pressure()), (PressureLevel::Calm, None));
}

#[test]
fn o4_the_pressure_leaves_the_slots_alone_and_they_leave_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel");
    let program = SharedRegistry::<2>::open(&path, Options::new()).unwrap();
    program.pressure().set(BUSY);
    for name in ["a", "b"] {
        program.get_or_default(name).unwrap().force_open();
    }
    assert_eq!(program.pressure().reading(), Some(BUSY));
    program.pressure().clear();
    // The header is as good as before: the file can be opened again.
    let again = SharedRegistry::<2>::open(&path, Options::new().create(false)).unwrap();
    assert_eq!(again.iter().count(), 2);
    assert_eq!(again.pressure().settings(), PressureConfig::new().build());
}
