// A type of a package that is not installed is any, and skipLibCheck hides the error. Then the map of events has one
// topic that says what to do, and every subscription is a type error. The probe must be a keyof, because an alias of the
// missing type would become any.

/** The events if the package of their types is installed, else a map whose only topic names the missing package. */
export type Installed<Keys, Package extends string, Events> = string extends Keys
  ? { readonly [Message in `install ${Package} to have typed events`]: never }
  : Events
