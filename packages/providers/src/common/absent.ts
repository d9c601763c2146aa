// If a package is not installed, TypeScript replaces its types by `any`, and `skipLibCheck` hides the error. `keyof
// any` includes `string`, so `Installed` detects a missing package from a `keyof` of one of its types. Every
// subscription is then a type error that says what to install.

/** `Events` if the package with their types is installed, or else a map whose only topic names the missing package. */
export type Installed<Keys, Package extends string, Events> = string extends Keys
  ? { readonly [Message in `install ${Package} to have typed events`]: never }
  : Events
