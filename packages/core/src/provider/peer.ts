import { WebhookError } from '../errors.ts'

/** A package that is loaded on demand. */
export interface Peer<Module> {
  readonly loaded: Module | undefined
  /** Throws a `TypeError` if the package is certainly not installed. Factories call it, before any delivery. */
  check(provider: string): void
  /** Loads the package once. Throws `internal_error` that names the package if it is not installed. */
  load(): Promise<Module>
}

/** The module that loads a peer: package managers separate the peers of each package. */
export interface PeerHome {
  /** The module's `import.meta.url`. */
  readonly from: string
  /** The module's package. */
  readonly within: string
}

const CORE: PeerHome = { from: import.meta.url, within: '@postern/core' }

/**
 * Creates a lazily loaded optional peer: an app that does not use it neither installs nor loads it.
 *
 * @example
 * const jose = peer('jose', async () => {
 *   try {
 *     return await import('jose')
 *   } catch (cause) {
 *     throw new Error('jose cannot be loaded', { cause })
 *   }
 * })
 *
 * @param load - imports it inside `try`: elsewhere bundlers fail for a package that is not installed.
 * @param home - the module whose package has the peer. @default a module of core
 */
export function peer<Module>(
  name: string,
  load: () => Promise<Module>,
  home: PeerHome = CORE,
): Peer<Module> {
  let loaded: Module | undefined
  let loading: Promise<Module> | undefined
  return {
    get loaded() {
      return loaded
    },
    check(provider) {
      if (!loaded) checkPeer(provider, name, home)
    },
    load() {
      return (loading ??= load().then(
        (module) => (loaded = module),
        (cause: unknown) => {
          loading = undefined
          throw new WebhookError(
            'internal_error',
            { problem: 'package_missing', got: name },
            { cause },
          )
        },
      ))
    },
  }
}

/** Throws a `TypeError` if a package that a provider needs is certainly not installed. */
export function checkPeer(provider: string, name: string, home: PeerHome = CORE): void {
  if (isMissing(name, home))
    throw new TypeError(`${provider}: the package ${name} is missing; npm install ${name}`)
}

// The result is only certain inside of the module's own package: a bundle can contain the peer, and Workers have no files.
function isMissing(name: string, { from, within }: PeerHome): boolean {
  try {
    const { process } = globalThis
    const { resolve } = process.getBuiltinModule('node:module').createRequire(from)
    const manifest = process
      .getBuiltinModule('node:url')
      .pathToFileURL(resolve(`${within}/package.json`))
    if (!from.startsWith(new URL('.', manifest).href)) return false
    try {
      resolve(name)
      return false
    } catch (error) {
      return (error as { code?: unknown }).code === 'MODULE_NOT_FOUND'
    }
  } catch {
    return false
  }
}
