// If a package is not installed, its types are `any`, and `skipLibCheck` hides the error. To show the problem, the map
// of events then has only one topic, which says what to install. So every subscription is a type error. `Keys` must be
// a `keyof` of a type in the package, because an alias of a missing type would become `any`.

/** `Events` if the package with their types is installed, or else a map whose only topic names the missing package. */
export type Installed<Keys, Package extends string, Events> = string extends Keys
  ? { readonly [Message in `install ${Package} to have typed events`]: never }
  : Events
