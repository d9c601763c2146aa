import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../run/report.ts'

export interface Published {
  /** Folder, relative to the root. */
  readonly folder: string
  readonly manifest: Manifest
}

/** Fields of a package.json that the release reads or writes. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly [member: string]: unknown
}

/**
 * Returns the web address of the repository, from `postern.home` in the root's package.json. Empty as long as no
 * address is chosen.
 */
export function home(): string {
  const { postern } = read('.') as { readonly postern?: { readonly home?: string } }
  return postern?.home ?? ''
}

/**
 * Returns the address of the documentation site, from `postern.site` in the root's package.json.
 * `application/problem+json` replies link to it. Empty as long as no address is chosen.
 */
export function site(): string {
  const { postern } = read('.') as { readonly postern?: { readonly site?: string } }
  return postern?.site ?? ''
}

/** Returns the contents that core's file with the site's address must have. */
export function siteFile(at: string = site()): string {
  return readFileSync(SITE_FILE, 'utf8').replace(/^(export const SITE: string = ).*$/m, `$1'${at}'`)
}

const SITE_FILE = join(root, 'packages/core/src/receive/reply/reply.ts')

export function published(): readonly Published[] {
  return globSync('packages/*/package.json', { cwd: root })
    .map((file) => ({ folder: dirname(file), manifest: read(dirname(file)) }))
    .filter(({ manifest }) => manifest.private !== true)
    .sort((one, other) => (one.manifest.name < other.manifest.name ? -1 : 1))
}

/** Returns the fields of a package.json that depend on the repository's address. Empty without an address. */
export function originOf(folder: string, at: string = home()): Readonly<Record<string, unknown>> {
  if (at === '') return {}
  return {
    homepage: `${at}/tree/main/${folder}#readme`,
    bugs: `${at}/issues`,
    repository: { type: 'git', url: `git+${at}.git`, directory: folder },
  }
}

/** Returns the packages whose package.json does not match the repository's address. */
export function strayed(at: string = home()): readonly string[] {
  return published()
    .filter(({ folder, manifest: { homepage, bugs, repository } }) => {
      const said = JSON.stringify({ homepage, bugs, repository })
      return said !== JSON.stringify({ ...originOf(folder, at) })
    })
    .map(({ manifest }) => manifest.name)
}

/**
 * Writes the repository's address into each package.json, and the site's address into core. `npm run release -- home`
 * runs it.
 */
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
