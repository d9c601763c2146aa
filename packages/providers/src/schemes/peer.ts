import { WebhookError } from '@postern/core'

/** A package that is loaded when it is first needed. */
export interface Peer<Module> {
  /** The package, where it is loaded already. */
  readonly loaded: Module | undefined
  /** Loads it once. Throws `internal_error` that names the package where it is not installed. */
  load(): Promise<Module>
}

/** A lazily loaded optional peer: who does not use it neither installs nor loads it. */
export function peer<Module>(name: string, load: () => Promise<Module>): Peer<Module> {
  let loaded: Module | undefined
  let loading: Promise<Module> | undefined
  return {
    get loaded() {
      return loaded
    },
    load() {
      return (loading ??= load().then(
        (module) => (loaded = module),
        (cause: unknown) => {
          loading = undefined
          throw new WebhookError(
            'internal_error',
            `this provider needs the package ${name}, which cannot be loaded: npm install ${name}`,
            { cause },
          )
        },
      ))
    },
  }
}
