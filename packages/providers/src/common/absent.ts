// If a package is not installed, its types are `any`, and `skipLibCheck` hides the error. `keyof any` includes
// `string`, which shows `Installed` that the package is missing. A subscription is then a type error that says what to
// install.

/** `Events` if the package is installed. Otherwise a map with one topic, whose name says which package to install. */
export type Installed<Keys, Package extends string, Events> = string extends Keys
  ? { readonly [Message in `install ${Package} to have typed events`]: never }
  : Events
