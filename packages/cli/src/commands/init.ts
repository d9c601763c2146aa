import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { frameworks, hosts, type Framework } from '../hosts.ts'
import {
  existsSync,
  lstatSync,
  realpathSync,
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { isCancel, select, text } from '@clack/prompts'
import { agreed, remark, sayWhole, Failure, type ExitCode } from '../print/say.ts'
import { placeFor, planOf, type InitPlan, takenByGit } from '../init/files.ts'
import type { InitPlace } from '../init/mount.ts'
import type { Filling } from '../sender/example.ts'
import { projectIn, type Project } from '../init/project.ts'
import { remarkShared } from '../env.ts'
import { inboxes, type InboxName } from '../inboxes.ts'
import { requireOneOf } from '../options/checked-options.ts'
import { columnsOf, wrapped } from '../print/width.ts'
import { gatewayNames, gatewayOf, gatewayName, aboutOf } from '../sender/sender.ts'
import type { About } from '@postern/core/scheme'
import { whereToAdd } from '../sender/setup.ts'
import { spawn } from 'node:child_process'

interface InitOptions {
  readonly provider?: string
  readonly behind?: string
  readonly inbox?: string
  readonly framework?: string
  readonly path?: string
  readonly yes?: boolean
  readonly install?: boolean
  readonly dryRun?: boolean
}

export function declare(command: Command): void {
  command
    .option('-p, --provider <provider>', 'choose the provider')
    .option('--behind <gateway>', `choose the gateway: ${gatewayNames.join(', ')}`)
    .option('--inbox <name>', `choose the inbox: ${Object.keys(inboxes).join(', ')}`)
    .option('--framework <name>', `choose: ${frameworks.join(', ')} (default: from package.json)`)
    .option('--path <path>', 'set the path of the route (default: /webhooks/<provider>)')
    .option('--install', 'install the packages (default: asks in a terminal)')
    .option('--dry-run', 'print the files without writing them')
    .option('-y, --yes', 'do not ask for confirmation')
    .addHelpText('after', examples('init --provider github --inbox sqlite'))
    .action(runAction(initCommand))
}

/**
 * `postern init`: writes a route, a receiver, a handler, a test, lines of `.env`, and `.gitignore` if there is none. It
 * changes no existing file except `.env`.
 */
async function initCommand(options: InitOptions): Promise<ExitCode> {
  const project = await projectIn(process.cwd(), options.framework)
  const about = await aboutOf(await providerName(options))
  const place = placeFor(project, about.name)
  const wanted = await wantedOf(options, project.framework, about, place)
  const plan = planOf(project, place, wanted)
  rejectTaken(project, plan)
  const files = [...plan.files.keys()]
  const says = `Write ${files.join(', ')}, and ${plan.env.map(variableOf).join(' and ')} into ${project.env}`
  if (options.dryRun) {
    for (const [file, content] of plan.files) sayWhole(`── ${file}\n${content}`)
    remark(`${says}. Nothing was written.`)
    return 0
  }
  if (!options.yes && !(await agreed(`${says}?`))) {
    remark('nothing was written')
    return 1
  }
  // The files may have changed while the user answered.
  rejectTaken(project, plan)
  const written = writePlan(project, plan)
  if (written.env !== 'created') await remarkShared(join(project.folder, project.env))
  const commands = installsOf(project, plan)
  const lines = commands.map((words) => words.join(' '))
  const isWanted =
    options.install ?? (isAsked(options) && (await agreed(`Run ${lines.join(' and ')} now?`)))
  if (isWanted) await install(project.folder, commands)
  sayWhole(toldOf(project, plan, wanted, { written, installs: isWanted ? [] : lines }))
  return 0
}

function rejectTaken({ folder, env }: Project, { files }: InitPlan): void {
  rejectOutside(folder, [...files.keys(), env])
  const taken = [...files.keys()].filter((file) => existsSync(join(folder, file)))
  if (taken.length === 0) return
  throw new Failure(
    1,
    `nothing was written, since ${taken.join(', ')} ${taken.length === 1 ? 'exists' : 'exist'} already: move ${taken.length === 1 ? 'it' : 'them'}, or run init elsewhere`,
  )
}

function isAsked({ yes }: InitOptions): boolean {
  return process.stdin.isTTY && yes !== true
}

async function providerName(options: InitOptions): Promise<string> {
  const message = 'Who sends the webhooks?'
  const name =
    options.provider ??
    (isAsked(options)
      ? await asked(text({ message, placeholder: 'github', output: process.stderr }))
      : '')
  if (name === '') throw new Failure(2, 'give --provider: a name of `postern providers`')
  return name
}

async function wantedOf(
  options: InitOptions,
  framework: Framework,
  about: About,
  place: InitPlace,
): Promise<Filling> {
  const path = options.path ?? `/webhooks/${about.name}`
  if (!/^\/[\w./-]+$/.test(path) || path.includes('..'))
    throw new Failure(2, `--path must be a path such as /webhooks/github, got ${path}`)
  const gateway = await gatewayOf(options.behind, about.name)
  const rest = { about, gateway, path, topic: about.topics[0] ?? '**' }
  const { inbox: own } = hosts[framework]
  const usual = place.first === undefined ? undefined : `of ${place.first}`
  if (options.inbox !== undefined && (own === 'own' || usual !== undefined))
    throw new Failure(
      2,
      `--inbox must be left out ${usual === undefined ? 'on cloudflare' : 'for a second provider'}, got ${options.inbox}: events are kept in the ${usual === undefined ? 'Durable Object that is written' : `inbox ${usual}`}`,
    )
  if (own === 'own' || usual !== undefined) return { ...rest, inbox: undefined }
  const isFrozen = framework === 'lambda'
  const inbox =
    options.inbox ?? (isAsked(options) ? await askInbox() : isFrozen ? 'postgres' : 'sqlite')
  requireOneOf('--inbox', inbox, Object.keys(inboxes) as InboxName[])
  if (isFrozen && (inbox === 'sqlite' || inbox === 'memory'))
    throw new Failure(
      2,
      `--inbox must be postgres or bullmq on lambda, got ${inbox}: a function has neither a disk nor a memory that stays`,
    )
  return { ...rest, inbox }
}

function askInbox(): Promise<string> {
  const options = Object.keys(inboxes).map((value) => ({ value }))
  return asked(
    select({ message: 'Where should events be stored?', options, output: process.stderr }),
  )
}

async function asked<Value>(answer: Promise<Value>): Promise<Exclude<Value, symbol>> {
  const value = await answer
  if (isCancel(value)) throw new Failure(1, 'nothing was written')
  return value as Exclude<Value, symbol>
}

/**
 * Rejects paths that lead out of the project through a symbolic link. Otherwise a project cloned from a stranger could
 * make `init` write any file of the user. Links that stay within the project are followed.
 *
 * @throws Failure that names the link.
 */
function rejectOutside(folder: string, paths: readonly string[]): void {
  const root = realpathSync(folder)
  for (const path of paths)
    for (let at = join(folder, path); at !== folder; at = dirname(at))
      if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() && !isWithin(root, at))
        throw new Failure(
          1,
          `nothing was written, since ${relative(folder, at)} is a link that leads out of this folder: replace it by a file or folder of the project`,
        )
}

function isWithin(root: string, link: string): boolean {
  try {
    return `${realpathSync(link)}${sep}`.startsWith(`${root}${sep}`)
  } catch {
    // The link has no target yet. Writing would create the target, possibly outside the project.
    return false
  }
}

/**
 * Returns the closing text: files, numbered steps, and how to undo `init`. Lines of code and commands start with two
 * spaces.
 */
function toldOf(
  project: Project,
  plan: InitPlan,
  wanted: Filling,
  { written, installs }: { readonly written: WrittenFiles; readonly installs: readonly string[] },
): string {
  const { about, gateway, path } = wanted
  const behind = gateway ? ` --behind ${gatewayName(gateway)}` : ''
  const remedy = project.typeScript?.remedy
  const steps = [
    ...(installs.length > 0 ? [['Install:', ...installs.map((line) => `  ${line}`)]] : []),
    ...(remedy === undefined
      ? []
      : [
          [
            `TypeScript finds no types in these packages, since it resolves modules as before 2022: ${remedy}.`,
          ],
        ]),
    [`Mount: ${plan.mount[0]}`, ...plan.mount.slice(1)],
    secretStep(project, plan, wanted),
    ...(plan.test === undefined ? [] : [[`Test: ${plan.test}`]]),
    [
      'Start the app, and send it a delivery:',
      `  npx postern send ${about.name}${behind} --to http://localhost:${project.port}${path}`,
    ],
    [`Add the public URL of ${path} at ${whereToAdd(gateway ?? about)}`],
    ...(gateway ? [[`Add the URL of ${gateway.title} at ${whereToAdd(about)}`]] : []),
  ]
  const line = (text: string): readonly string[] => wrapped(text, columnsOf(), 3)
  return [
    ...[...plan.files.keys()].map((file) => `wrote ${file}`),
    ...steps.flatMap(([first = '', ...rest], at) => [
      '',
      ...line(`${at + 1}. ${first}`),
      ...rest.flatMap((one) => (one.startsWith('  ') ? [one] : line(`   ${one}`))),
    ]),
    '',
    ...line(undoOf(project, plan, written)),
  ].join('\n')
}

function secretStep(
  { folder, env, readsEnv }: Project,
  plan: InitPlan,
  { about, gateway }: Filling,
): readonly string[] {
  const [secret, ...others] = plan.env.map(variableOf)
  const open = takenByGit(folder, plan.ignored)
  const { title, setup, docs } = gateway ?? about
  return [
    `Put the secret of ${title} into ${env} as ${secret} (${setup?.secret ?? docs}).`,
    ...(others.length === 0 ? [] : [`Put your own values there for ${others.join(' and ')}.`]),
    `Without ${others.length === 0 ? 'it' : 'them'}, neither the app nor a test that loads it starts.`,
    ...(readsEnv
      ? []
      : [`Nothing in package.json reads ${env}: start the app with node --env-file=${env} …`]),
    ...(open.length === 0
      ? []
      : [
          `git does not ignore ${open.join(' and ')}: add ${open.length === 1 ? 'it' : 'them'} to .gitignore before you write a secret.`,
        ]),
  ]
}

function undoOf(
  project: Project,
  plan: InitPlan,
  { folders, env, variables }: WrittenFiles,
): string {
  const remove = project.manager === 'npm' ? 'npm uninstall' : `${project.manager} remove`
  const files = [...plan.files.keys()].filter(
    (file) => !folders.some((one) => file.startsWith(`${one}/`)),
  )
  const added = [...plan.packages, ...plan.development].filter(
    (name) => name !== project.raise && !project.uses(name),
  )
  return `Undo: ${[
    `delete ${[...folders, ...files].join(', ')}`,
    ...(env === 'created' ? [`delete ${project.env}`] : []),
    ...(env === 'added'
      ? [
          `delete the ${variables.length === 1 ? 'line' : 'lines'} ${variables.join(' and ')} of ${project.env}`,
        ]
      : []),
    ...(added.length === 0 ? [] : [`${remove} ${added.join(' ')}`]),
  ].join('; ')}`
}

interface WrittenFiles {
  readonly folders: readonly string[]
  readonly env: 'created' | 'added' | 'kept'
  readonly variables: readonly string[]
}

/**
 * Writes the files and the lines of `.env`. If a file cannot be written, the files written before are removed again.
 */
function writePlan({ folder, env: secrets }: Project, { files, env }: InitPlan): WrittenFiles {
  const folders: string[] = []
  const done: string[] = []
  try {
    for (const [file, content] of files) {
      const path = join(folder, file)
      const made = mkdirSync(dirname(path), { recursive: true })
      if (made !== undefined) {
        folders.push(relative(folder, made).replaceAll('\\', '/'))
        done.push(made)
      }
      // `wx` fails if another process created the file.
      writeFileSync(path, content, { flag: 'wx' })
      done.push(path)
    }
    return { folders, ...writeEnv(join(folder, secrets), env) }
  } catch (error) {
    for (const path of done.toReversed()) rmSync(path, { recursive: true, force: true })
    throw error
  }
}

function writeEnv(path: string, lines: readonly string[]): Pick<WrittenFiles, 'env' | 'variables'> {
  const exists = existsSync(path)
  const before = exists ? readFileSync(path, 'utf8') : ''
  const added = lines.filter(
    (line) => !new RegExp(`^\\s*(?:export\\s+)?${variableOf(line)}\\s*=`, 'm').test(before),
  )
  if (added.length === 0) return { env: 'kept', variables: [] }
  // Only the owner may read a new file, because the file will contain a secret.
  const mode = 0o600
  const start = before === '' || before.endsWith('\n') ? '' : '\n'
  appendFileSync(path, `${start}${added.join('\n')}\n`, { mode })
  return { env: exists ? 'added' : 'created', variables: added.map(variableOf) }
}

function variableOf(line: string): string {
  return line.slice(0, line.indexOf('='))
}

/**
 * Returns the commands that install packages, each as a list of words. There is one command for the app's packages, and
 * one for development packages if there are any.
 */
function installsOf(
  { manager }: Pick<Project, 'manager'>,
  { packages, development }: Pick<InitPlan, 'packages' | 'development'>,
): readonly (readonly string[])[] {
  const add = manager === 'npm' ? 'install' : 'add'
  // Deno needs this prefix to find npm packages.
  const named = (names: readonly string[]): readonly string[] =>
    manager === 'deno' ? names.map((name) => `npm:${name}`) : names
  return [
    [manager, add, ...named(packages)],
    ...(development.length > 0 ? [[manager, add, '-D', ...named(development)]] : []),
  ]
}

/**
 * Runs commands in a folder, one after another. The output of the commands goes to stderr.
 *
 * @throws Failure if a command cannot be started or ends with an exit code other than 0.
 */
async function install(folder: string, commands: readonly (readonly string[])[]): Promise<void> {
  for (const [program = '', ...args] of commands) {
    const child = spawn(program, args, {
      cwd: folder,
      stdio: ['inherit', process.stderr, 'inherit'],
      // On Windows, package managers are scripts that only a shell can start. None of the words has a special meaning
      // in the shell.
      shell: process.platform === 'win32',
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    }).catch((error: Error) => {
      throw new Failure(3, `${program} could not be started: ${error.message}`, { cause: error })
    })
    if (code !== 0)
      throw new Failure(
        3,
        `${program} ended with ${code}: the files are written; fix the fault and run its command again`,
      )
  }
}
