// `npm test -- rehearsal` rehearses a release with a registry on this machine. It packs and publishes a clone of HEAD,
// and installs the published packages as users do. Writes RESULTS.md.
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { useInit } from '../pack/init/check.ts'
import { projects } from '../pack/init/projects.ts'
import { must } from '../pack/must.ts'
import { pnpm } from '../pack/pnpm.ts'
import { root } from '../run/report.ts'
import { run } from '../run/step.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { installEach, type Installed } from './installed.ts'
import { startRegistry } from './registry.ts'
import { writeResults, type Tarball } from './results.ts'
import { upgrade } from './upgrade.ts'

const folder = await temporaryFolder('release')
const failures: string[] = []
const registry = await startRegistry()
// From here on, npm uses this registry, with an empty cache as on a user's machine.
Object.assign(process.env, {
  NPM_CONFIG_USERCONFIG: registry.npmrc,
  npm_config_userconfig: registry.npmrc,
  npm_config_cache: join(folder, 'cache'),
})
try {
  const clone = join(folder, 'clone')
  console.log('Cloning HEAD, and making versions of the changesets …')
  await cloneOf(root, 'HEAD', clone)
  const head = await must('git', ['rev-parse', '--short=8', 'HEAD'], { cwd: clone })
  await must('npm', ['run', 'release', '--', 'version'], { cwd: clone })
  const tarballs = await release(clone)
  await step('publint and the types of what was published', () => lint(tarballs))
  await step('sizes of what was published', () => sizes(clone, tarballs))
  const installed: Installed[] = []
  await step('a production install of each package', async () => {
    installed.push(...(await installEach(join(folder, 'each'), tarballs)))
    const wrong = installed.filter(({ extra }) => extra.length > 0)
    if (wrong.length > 0)
      throw new Error(
        wrong.map(({ name, extra }) => `${name} brings ${extra.join(', ')}`).join('; '),
      )
  })
  await step('npx postern init into a fresh project, and a delivery', () => init())
  const upgraded: string[] = []
  await step('an upgrade beside the running old process', async () => {
    upgraded.push(...(await upgrade(join(folder, 'upgrade'), clone, cloneOf, publish)))
  })
  writeResults({ commit: head.trim(), tarballs, installed, upgraded, failures })
} finally {
  await registry.stop()
}
if (failures.length === 0) await removeFolder(folder)
else {
  console.error(`\n${failures.join('\n')}\nAll of it is kept in ${folder}`)
  process.exitCode = 1
}
console.log(`${failures.length === 0 ? 'ok' : 'FAILED'}: test/release/RESULTS.md`)

async function step(name: string, work: () => Promise<void>): Promise<void> {
  console.log(`${name} …`)
  await work().catch((error: unknown) => void failures.push(`${name}: ${String(error)}`))
}

/** Clones a commit and installs its packages. */
async function cloneOf(source: string, commit: string, to: string): Promise<void> {
  await must('git', ['clone', '--quiet', '--no-local', source, to])
  await must('git', ['checkout', '--quiet', commit], { cwd: to })
  await pnpm(['install', '--frozen-lockfile', '--prefer-offline', '--loglevel=error'], to)
}

async function release(clone: string): Promise<readonly Tarball[]> {
  const out = join(folder, 'tarballs')
  console.log('Building and packing …')
  return publish(clone, out)
}

/** Packs all packages of a clone with its own `npm run release -- pack`, and publishes them under a tag. */
async function publish(clone: string, out: string, tag = 'latest'): Promise<readonly Tarball[]> {
  const node = join(clone, 'node_modules/node/bin/node')
  const path = [join(clone, 'node_modules/.bin'), process.env['PATH']].join(':')
  const env = { PATH: path }
  const printed = await must(node, ['test/release/pack.ts', out], { cwd: clone, env })
  const files = printed.trim().split('\n')
  await must('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: out })
  const tarballs: Tarball[] = []
  for (const file of files) {
    const manifest = await must('tar', ['-xzOf', file, 'package/package.json'])
    const { name, version } = JSON.parse(manifest) as Tarball
    await must('npm', ['publish', file, '--access', 'public', '--tag', tag])
    const bytes = (await readFile(file)).byteLength
    tarballs.push({ name, version, file, bytes })
  }
  return tarballs
}

/** Checks the files that the registry returns instead of the workspace's files. */
async function lint(tarballs: readonly Tarball[]): Promise<void> {
  const got = join(folder, 'got')
  await mkdir(got, { recursive: true })
  for (const { name, version } of tarballs)
    await must('npm', ['pack', `${name}@${version}`, '--silent'], { cwd: got })
  const files = (await readdir(got)).map((name) => join(got, name))
  for (const file of files) await must('publint', ['--strict', file])
  const wrong = JSON.parse(
    await must(process.execPath, ['test/pack/types-wrong.ts', ...files]),
  ) as Readonly<Record<string, readonly string[]>>
  const said = Object.entries(wrong).filter(([, problems]) => problems.length > 0)
  if (said.length > 0) throw new Error(JSON.stringify(Object.fromEntries(said), null, 2))
}

/** Checks the repository's size limits with the published files. */
async function sizes(clone: string, tarballs: readonly Tarball[]): Promise<void> {
  for (const { file } of tarballs) {
    const manifest = await must('tar', ['-xzOf', file, 'package/package.json'])
    const { name } = JSON.parse(manifest) as Tarball
    const into = join(clone, 'packages', name === 'postern' ? 'cli' : name.split('/').at(-1)!)
    await removeFolder(join(into, 'dist'))
    execFileSync('tar', ['-xzf', file, '-C', into, '--strip-components=1', 'package/dist'])
  }
  const { code, output } = await run('npx', ['size-limit'], { cwd: clone })
  if (code !== 0) throw new Error(output)
}

async function init(): Promise<void> {
  const project = projects.find(({ name }) => name === 'fastify')!
  await useInit(project, join(folder, 'init'), {
    command: ['npx', '-y', 'postern'],
    pnpmProject: () => Promise.reject(new Error('this project is npm’s')),
    install: async (at, names) => {
      await must('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...names], {
        cwd: at,
      })
    },
  })
  await writeFile(join(folder, 'init', '.done'), '')
}
