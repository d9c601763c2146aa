import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../run/report.ts'

/** A package of the workspace that is published. */
export interface Published {
  /** Its folder, relative to the root. */
  readonly folder: string
  readonly manifest: Manifest
}

/** What the release reads and writes of a package.json. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly [member: string]: unknown
}

/**
 * The address of the repository on the web: `postern.home` of the root's package.json, and nowhere else. Empty until
 * somebody has decided it.
 */
export function home(): string {
  const { postern } = read('.') as { readonly postern?: { readonly home?: string } }
  return postern?.home ?? ''
}

/**
 * The address of the site: `postern.site` of the root's package.json, and nowhere else. Replies of
 * `application/problem+json` point there. Empty until somebody has decided it.
 */
export function site(): string {
  const { postern } = read('.') as { readonly postern?: { readonly site?: string } }
  return postern?.site ?? ''
}

/** The file of core that has the address of the site, as it must be. */
export function siteFile(at: string = site()): string {
  return readFileSync(SITE_FILE, 'utf8').replace(/^(export const SITE: string = ).*$/m, `$1'${at}'`)
}

const SITE_FILE = join(root, 'packages/core/src/receive/reply/reply.ts')

/** All packages that are published. */
export function published(): readonly Published[] {
  return globSync('packages/*/package.json', { cwd: root })
    .map((file) => ({ folder: dirname(file), manifest: read(dirname(file)) }))
    .filter(({ manifest }) => manifest.private !== true)
    .sort((one, other) => (one.manifest.name < other.manifest.name ? -1 : 1))
}

/** What a package says of its origin: nothing while the home is empty. */
export function originOf(folder: string, at: string = home()): Readonly<Record<string, unknown>> {
  if (at === '') return {}
  return {
    homepage: `${at}/tree/main/${folder}#readme`,
    bugs: `${at}/issues`,
    repository: { type: 'git', url: `git+${at}.git`, directory: folder },
  }
}

/** The packages whose package.json says something else of its origin than the home gives. */
export function strayed(at: string = home()): readonly string[] {
  return published()
    .filter(({ folder, manifest: { homepage, bugs, repository } }) => {
      const said = JSON.stringify({ homepage, bugs, repository })
      return said !== JSON.stringify({ ...originOf(folder, at) })
    })
    .map(({ manifest }) => manifest.name)
}

/** Writes the origin into each package.json, and the address of the site into core: `npm run release -- home`. */
export function writeOrigins(): void {
  writeFileSync(SITE_FILE, siteFile())
  for (const { folder, manifest } of published()) {
    const { homepage: _, bugs: __, repository: ___, ...rest } = manifest
    const members = Object.entries(rest)
    const at = members.findIndex(([name]) => name === 'license')
    const whole = [
      ...members.slice(0, at),
      ...Object.entries(originOf(folder)),
      ...members.slice(at),
    ]
    const text = JSON.stringify(Object.fromEntries(whole), null, 2)
    writeFileSync(join(root, folder, 'package.json'), `${text}\n`)
  }
}

function read(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
}

if (import.meta.main) {
  if (!/^https:\/\/[^\s/]+\/\S+[^/]$/.test(home())) {
    console.error(
      'postern.home: must be the https address of the repository, without a slash at its end; write it into the package.json at the root',
    )
    process.exit(2)
  }
  if (site() !== '' && !/^https:\/\/[^\s/]+(?:\/\S*[^/])?$/.test(site())) {
    console.error(
      'postern.site: must be the https address of the site, without a slash at its end, or empty; write it into the package.json at the root',
    )
    process.exit(2)
  }
  writeOrigins()
}
