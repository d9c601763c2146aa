import { spawn } from 'node:child_process'
import { appendFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { forTests } from '../../release/installed.ts'
import { follow } from '../../examples/example.ts'
import { run } from '../../run/step.ts'
import { within } from '../../services/temporary.ts'
import { freePort } from '../../services/temporary.ts'
import { bare } from '../bare.ts'
import { installPacked } from '../install-packed.ts'
import type { Packed } from '../tarballs.ts'
import { must } from '../must.ts'
import { asPnpmProject, pnpm } from '../pnpm.ts'
import { projects, type Project } from './projects.ts'
import { inTerminal } from './terminal.ts'

const SECRET = 'a secret of GitHub'
/** Time limit in milliseconds for an app to print where it listens. */
const WAIT = 120_000

/**
 * Installs the packed CLI, which must not bring packages that only tests need. Runs `postern init` in new projects in a
 * real terminal, and follows its instructions: installs the packages, mounts the route, sets the secret. Then the
 * project's test must pass, and the app must accept a signed delivery and reject a changed one. Returns the problem of
 * each check, or undefined.
 */
export async function checkInit(
  folder: string,
  packages: readonly Packed[],
  only: string = '',
): Promise<readonly (readonly [name: string, problem: string | undefined])[]> {
  const cli = join(folder, 'cli')
  const tools: Tools = {
    command: [process.execPath, await installCli(cli, packages)],
    pnpmProject: (at) => asPnpmProject(at, packages, process.versions.node),
    install: (at, names) => installPacked(at, names, packages),
  }
  const extra = forTests(await installedByPnpm(cli))
  const findings: (readonly [string, string | undefined])[] = [
    ['the command line brings nothing that only tests need', extra.join(', ') || undefined],
  ]
  for (const project of projects.filter(({ name }) => name.includes(only))) {
    const at = join(folder, project.name)
    const problem = await useInit(project, at, tools).then(
      () => undefined,
      (error: unknown) => String(error),
    )
    findings.push([`init into a fresh project, ${project.name}`, problem])
  }
  return findings
}

/** The CLI, and functions that install packages. */
export interface Tools {
  readonly command: readonly [string, ...string[]]
  /** Makes a folder a pnpm project that uses the packed packages. */
  readonly pnpmProject: (folder: string) => Promise<void>
  readonly install: (folder: string, names: readonly string[]) => Promise<void>
}

/** Runs `postern init` in one new project and follows its instructions. Rejects with the problem. */
export async function useInit(project: Project, folder: string, tools: Tools): Promise<void> {
  await project.make(folder)
  const usesPnpm = project.manager === 'pnpm'
  if (usesPnpm) {
    await tools.pnpmProject(folder)
    await pnpm(['install', '--prefer-offline'], folder)
  }
  const told = await inTerminal([...tools.command, 'init'], folder, [
    ['Who sends the webhooks?', 'github\r'],
    ['Where should events be stored?', '\r'],
    ['Write ', 'y'],
    [' now?', 'n'],
  ])
  const add = usesPnpm ? /^ {2}pnpm add (?:-D )?(.+)$/gm : /^ {2}npm install (?:-D )?(.+)$/gm
  const names = [...told.matchAll(add)].flatMap(([, all]) => all!.split(' '))
  if (names.length === 0) throw new Error(`no packages to install:\n${told}`)
  if (usesPnpm) await pnpm(['add', '--prefer-offline', ...names], folder)
  else await tools.install(folder, names)
  if (told.includes('TypeScript finds no types')) await project.mend?.(folder)
  await mount(folder, told)
  const env = join(folder, project.secrets ?? '.env')
  await writeFile(env, (await readFile(env, 'utf8')).replace('<your-secret>', `'${SECRET}'`))
  if (project.testEnv !== undefined)
    await appendFile(join(folder, project.testEnv), `\n${await readFile(env, 'utf8')}`)

  const [, test] = /^\d\. Test: (.+)$/m.exec(told) ?? []
  if (test === undefined) throw new Error(`no command for the test:\n${told}`)
  const output = await must(...command(test.split(' ')), { cwd: folder, env: bare })
  if (!/pass 1|1 passed/.test(output)) throw new Error(`no test ran:\n${output}`)
  for (const args of project.before ?? [])
    await must(...command(args), { cwd: folder, env: { ...bare, ...project.env } })
  await deliver(project, folder, tools.command)
}

/**
 * Adds the lines that `init` prints to the file that it names, after the app is created. Leaves out closeOnSignal,
 * because a generator's app closes itself.
 */
async function mount(folder: string, told: string): Promise<void> {
  const [, file] = /^\d\. Mount: Add these lines to (\S+),/m.exec(told) ?? []
  if (file === undefined) return
  const [, imported = '', mounted = ''] =
    /\n((?: {2}(?:import .+|const .+require.+)\n)+)((?: {2}.+\n)+?) {2}closeOnSignal/.exec(told)!
  const lines = (await readFile(join(folder, file), 'utf8')).split('\n')
  const at = lines.findIndex((line) => /^(?:const|var) app = /.test(line))
  lines.splice(at + 1, 0, mounted)
  await writeFile(join(folder, file), `${imported}${lines.join('\n')}`)
}

async function deliver(project: Project, folder: string, cli: readonly string[]): Promise<void> {
  const [program, ...args] = project.start
  const port = await freePort()
  const child = spawn(program!, args, {
    cwd: folder,
    env: { ...process.env, ...bare, ...project.env, PORT: String(port) },
    // The child gets its own process group, so that programs that npx starts can be ended too.
    detached: true,
  })
  const output = follow(child)
  try {
    await within(output.line(project.listens), WAIT)
    const to = `http://localhost:${port}/webhooks/github`
    const [postern, send] = command([...cli, 'send', 'github', '--to', to, '--secret', SECRET])
    const inProject = { cwd: folder, env: bare }
    const good = await must(postern, send, inProject)
    if (!good.includes('200')) throw new Error(`the route answered:\n${good}`)
    const spoilt = await run(postern, [...send, '--tamper'], inProject)
    if (!spoilt.output.includes('401'))
      throw new Error(`the route took a spoilt delivery:\n${spoilt.output}`)
  } finally {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
    await output.ended
  }
}

async function installCli(folder: string, packages: readonly Packed[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  await asPnpmProject(folder, packages, process.versions.node)
  await pnpm(['add', '--prefer-offline', 'postern'], folder)
  return join(folder, 'node_modules/postern/dist/main.js')
}

/** Returns the packages that pnpm has installed in a folder. */
async function installedByPnpm(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, 'node_modules/.pnpm'))
  // The folder names have the form `@scope+name@1.2.3_of-its-peers`.
  return entries.map((entry) => entry.slice(0, entry.indexOf('@', 1)).replace('+', '/'))
}

function command(args: readonly string[]): [string, readonly string[]] {
  const [program, ...rest] = args
  return [program!, rest]
}
