// If a package is not installed, its types are `any`, and `skipLibCheck` hides the error. The keys of `any` include
// `string`, so `string extends Keys` means that the package is missing. Each subscription is then a type error that
// names the package.

/** `Events` if the package is installed. Otherwise a map with one topic, whose name says which package to install. */
export type Installed<Keys, Package extends string, Events> = string extends Keys
  ? { readonly [Message in `install ${Package} to have typed events`]: never }
  : Events
