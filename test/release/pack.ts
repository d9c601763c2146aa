// `npm run release -- pack <folder>` writes the tarballs of all packages, an SBOM per package, and their checksums.
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pnpm } from '../pack/pnpm.ts'
import { filesOf, packAll, type Packed } from '../pack/tarballs.ts'
import { inOrder } from './order.ts'

/** Files that every tarball must contain. */
const IN_EACH = ['README.md', 'LICENSE', 'package.json']

/**
 * Builds all packages and packs them into `folder`. Returns them in the order of publication. Each tarball has its SBOM
 * (CycloneDX) next to it. `SHA256SUMS` contains all checksums in the format of sha256sum.
 * @throws Error if a tarball has no README, LICENSE or package.json.
 */
export async function packRelease(folder: string): Promise<readonly Packed[]> {
  await mkdir(folder, { recursive: true })
  const packages = await packAll(folder, false)
  for (const packed of packages) {
    const files = await filesOf(packed)
    const missing = IN_EACH.filter((file) => !files.includes(file))
    if (missing.length > 0)
      throw new Error(`${packed.name}: the tarball has no ${missing.join(', ')}`)
  }
  const sbom = ['sbom', '--sbom-format', 'cyclonedx', '--prod', '--lockfile-only', '--split']
  await pnpm([
    '--recursive',
    '--filter',
    './packages/*',
    ...sbom,
    '--out',
    join(folder, '%s.cdx.json'),
  ])
  const names = (await readdir(folder)).filter((name) => /\.(?:tgz|cdx\.json)$/.test(name)).sort()
  const sums = names.map(async (name) => `${await sha256(join(folder, name))}  ${name}\n`)
  await writeFile(join(folder, 'SHA256SUMS'), (await Promise.all(sums)).join(''))
  const order = inOrder(packages.map(({ manifest }) => manifest)).map(({ name }) => name)
  return order.map((name) => packages.find((packed) => packed.name === name)!)
}

async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) {
    console.error('usage: npm run release -- pack <folder>')
    process.exit(2)
  }
  for (const { tarball } of await packRelease(resolve(folder))) console.log(tarball)
}
