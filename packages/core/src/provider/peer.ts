import { WebhookError } from '../errors.ts'

/** An optional peer dependency that is loaded on demand. */
export interface Peer<Module> {
  readonly loaded: Module | undefined
  /** Throws a `TypeError` if the package is certainly not installed. Factories call `check` at startup. */
  check(provider: string): void
  /** Loads the package once. If the package cannot be loaded, rejects with an `internal_error` that names it. */
  load(): Promise<Module>
}

/**
 * The module whose package declares the peer dependency. The peer is resolved from this module, since package managers
 * install peers separately for each package.
 */
export interface PeerHome {
  /** `import.meta.url` of the module. */
  readonly from: string
  /** Name of the package that contains the module. */
  readonly within: string
}

const CORE: PeerHome = { from: import.meta.url, within: '@postern/core' }

/**
 * Creates a lazily loaded optional peer dependency: apps that do not use the package need not install it.
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
 * @param load - imports the package inside `try`: otherwise bundlers fail if the package is not installed.
 * @param home - the module whose package declares the peer dependency. @default a module of core
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

export function checkPeer(provider: string, name: string, home: PeerHome = CORE): void {
  if (isMissing(name, home))
    throw new TypeError(`${provider}: the package ${name} is missing; npm install ${name}`)
}

// Returns true only if the package is certainly missing: this module is a file of its own package, and resolving the
// peer fails. Otherwise, such as in a bundle or on Workers, the peer may be part of the bundle.
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
