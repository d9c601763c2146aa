import { WebhookError } from '../errors.ts'

/** A package that is loaded when it is first needed. */
export interface Peer<Module> {
  /** The package, if it is loaded already. */
  readonly loaded: Module | undefined
  /** Throws a `TypeError` if the package is certainly not installed: for factories, before anything is delivered. */
  check(provider: string): void
  /** Loads it once. Throws `internal_error` that names the package if it is not installed. */
  load(): Promise<Module>
}

/** The module that loads a peer: package managers keep the peers of each package apart. */
export interface PeerHome {
  /** Its `import.meta.url`. */
  readonly from: string
  /** A package that it certainly has. */
  readonly beside: string
}

/**
 * A lazily loaded optional peer: an app that does not use it neither installs nor loads it.
 *
 * @example const jose = peer('jose', () => import('jose'))
 *
 * @param home - the module whose package has the peer. @default a module of core
 */
export function peer<Module>(
  name: string,
  load: () => Promise<Module>,
  home: PeerHome = { from: import.meta.url, beside: 'lru-cache' },
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
            `this provider needs the package ${name}, which cannot be loaded: npm install ${name}`,
            { cause },
          )
        },
      ))
    },
  }
}

/** Throws a `TypeError` if a package that a provider needs is certainly not installed. */
export function checkPeer(
  provider: string,
  name: string,
  home: PeerHome = { from: import.meta.url, beside: 'lru-cache' },
): void {
  if (isMissing(name, home))
    throw new TypeError(`${provider}: the package ${name} is missing; npm install ${name}`)
}

// A missing package is only certain if modules lie in npm's folders: a bundle can hold it, and Workers have no files.
function isMissing(name: string, { from, beside }: PeerHome): boolean {
  try {
    const { createRequire } = globalThis.process.getBuiltinModule('node:module')
    const { resolve } = createRequire(from)
    resolve(beside)
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
