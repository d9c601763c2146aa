// An import type of a package that is not installed is any, and skipLibCheck hides the error. So the maps of events are
// only there if the package is; else their one topic says what to do, and every subscription is a type error.
// The probe is a keyof: an alias that is given the missing type itself becomes any as a whole.

/** The events if the types they come from are installed, else a map whose only topic names the missing package. */
export type Installed<Keys, Package extends string, Events> = string extends Keys
  ? { readonly [Message in `install ${Package} to have typed events`]: never }
  : Events
