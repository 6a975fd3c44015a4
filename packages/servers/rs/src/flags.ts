// r_flags: where an instance stands (reference/rs-sef-ds-syslib.md 2.2).
export const RS_EXITING = 0x002; // its end is expected; it is not restarted
export const RS_REFRESHING = 0x004; // it is ended to be started again, whatever its back-off
export const RS_NOPINGREPLY = 0x008; // it was declared dead, since it did not answer
export const RS_TERMINATED = 0x010; // a signal has ended it
export const RS_INITIALIZING = 0x040; // it was asked to initialize and has not answered
export const RS_UPDATING = 0x080; // a live update is under way
export const RS_ACTIVE = 0x100; // this instance is the service; a replica or a new version is not
export const RS_REINCARNATE = 0x200; // it is to start from scratch with a new endpoint
// Ours:
export const RS_STARTING = 0x400; // its process is being made, or an instance put into its place: nothing else may be done with it
export const RS_MAKING = 0x800; // this very instance is half made
export const RS_CLONING = 0x1000; // a replica of it is being made
export const RS_SWAPPING = 0x2000; // VM was asked to let another instance take its place (of an update its phase says so)
export const RS_HIT = 0x4000; // one of the two got a deadly signal meanwhile
export const RS_UNPUBLISH = 0x10000; // and after that its label is to go
export const RS_SCRIPTING = 0x20000; // its recovery script is being started
export const RS_STANDING_BY = 0x40000; // a new version that makes itself ready while the old one serves
export const RS_AHEAD = 0x80000; // it runs ahead of users' processes, whatever its settings, until its update is over
export const RS_GONE = 0x8000; // what is left of an instance until its process is gone too

export const MAX_BACKOFF = 30; // periods
export const BACKOFF_BITS = 30;
/** Seconds of a period: pings, time-outs and back-off count in them. */
export const RS_DELTA_SECONDS = 1;
/** Seconds that an instance has for its initialization. */
export const RS_INIT_SECONDS = 10;
/** Seconds between the pings of a service that RS starts by itself, and for how many such a one may be at work without answering. */
export const RS_HEARTBEAT_SECONDS = 5;
export const RS_PATIENCE_SECONDS = 30;
/** Seconds after which an RS that has not come round to its period counts as dead: the kernel watches it. */
export const RS_SILENT_SECONDS = 5;
/** Periods after SIGTERM until SIGKILL. */
export const STOP_PERIODS = 2;

/** Flags that a new version of a service takes over, and that nobody sets from outside. */
export const IMM_SF = 0x17;
