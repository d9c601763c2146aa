import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { About } from '@postern/core/scheme'
import { hosts, type Framework } from '../hosts.ts'
import { inboxes } from '../inboxes.ts'
import { upper, variablesOf } from '../sender/sender.ts'
import { importPath, slashPath, type Project } from './project.ts'
import { languageOf, type Language } from './language.ts'
import {
  type InitParts,
  type InitPlace,
  type Wanted,
  workerParts,
  handlersFile,
  receiverOf,
} from './worker-files.ts'
import {
  factoryOf,
  inboxCall,
  inboxImport,
  providerCall,
  senderImports,
} from '../sender/written.ts'
import { MOUNT, routeOf } from './route.ts'
import { receiverModule } from '../sender/nest-app.ts'
import { spawnSync } from 'node:child_process'

/** What `init` will do. */
export interface InitPlan {
  /** New files by their path in the project. */
  readonly files: ReadonlyMap<string, string>
  /** The lines for `.env`. */
  readonly env: readonly string[]
  /** What git must not take. */
  readonly ignored: readonly string[]
  /** Packages to install, and those for development. */
  readonly packages: readonly string[]
  readonly development: readonly string[]
  /** What is left to do by hand. */
  readonly mount: string
  /** The command that runs the test. */
  readonly test: string | undefined
}

/** Plans the files of a receiver, its handlers, its route and its test. Nothing is written. */
export function planOf(project: Project, wanted: Wanted): InitPlan {
  const { about, gateway, inbox, path } = wanted
  const language = languageOf(project)
  const { isCommonJs, testExtension, testEnding, testCommand } = language
  const { framework, source, runner, raise } = project
  const isNest = framework === 'nest'
  // Its runner looks in src.
  const tests = isNest ? undefined : project.tests
  const place = placeOf(project, about, language.extension)
  const parts = isNest ? nestParts : framework === 'cloudflare' ? workerParts : commonParts
  const { files, handlers, mount } = parts(project, wanted, place, language)
  const written = new Map(
    isCommonJs ? [...files].map(([name, text]) => [name, toCommonJs(text)]) : files,
  )

  const { folder } = place
  const inTests =
    source !== '' && folder.startsWith(`${source}/`) ? folder.slice(source.length + 1) : folder
  const testFile = `${tests === undefined ? folder : slashPath(tests, inTests)}/${about.name}.${isNest ? 'spec' : 'test'}.${testExtension}`
  const tested = testOf(wanted, {
    runner,
    nest: isNest ? { path, handlers: HANDLERS } : undefined,
    handlers: importPath(testFile, handlers, testEnding),
  })
  if (tested !== undefined)
    written.set(testFile, isCommonJs && testExtension === 'js' ? toCommonJs(tested) : tested)
  const { package: inboxPackage, place: kept } =
    inbox === undefined ? { package: '@postern/core', place: undefined } : inboxes[inbox]
  const ignored = ['.env', ...(kept?.ignored === undefined ? [] : [kept.ignored])]
  const ignore = ignoreFile(project.folder, ignored)
  if (ignore !== undefined) written.set('.gitignore', ignore)
  return {
    files: written,
    env: [
      `${variablesOf(gateway ?? about)[0]!}=<your-secret>`,
      ...(typeof kept?.written === 'object'
        ? [`${kept.written.variable}=${kept.written.example}`]
        : []),
    ],
    ignored,
    packages: [
      '@postern/core',
      '@postern/providers',
      hosts[framework].package!,
      ...(inboxPackage === '@postern/core' ? [] : [inboxPackage]),
      ...(raise === undefined ? [] : [raise]),
    ],
    development: tested === undefined ? [] : ['@postern/testing', ...extraOf(project)],
    mount,
    test: tested === undefined ? undefined : `${testCommand} ${testFile}`,
  }
}

function commonParts(
  project: Project,
  { about, gateway, inbox, path, topic }: Wanted,
  place: InitPlace,
  language: Language,
): InitParts {
  const { extension } = language
  const { folder } = place
  const route = routeOf(project, { ...place, path }, language)
  const files = new Map([
    [`${folder}/handlers.${extension}`, handlersFile(topic, extension === 'ts')],
    [
      `${folder}/receiver.${extension}`,
      receiverOf({ about, gateway }, { framework: project.framework, inbox: inbox!, language }),
    ],
    [route.file, route.text],
  ])
  return { files, handlers: `${folder}/handlers`, mount: route.mount }
}

const EXTRA: Partial<Readonly<Record<Framework, string>>> = {
  nest: '@nestjs/testing',
  cloudflare: 'wrangler',
}

/** The package for development that a framework needs beside. */
function extraOf({ framework, folder }: Project): readonly string[] {
  const name = EXTRA[framework]
  return name === undefined || existsSync(join(folder, 'node_modules', name)) ? [] : [name]
}

/** The folder `webhooks`, or one of the sender in it if that holds another sender already. */
function placeOf(
  { folder, source, framework }: Project,
  about: About,
  extension: string,
): InitPlace {
  const first = slashPath(source, 'webhooks')
  const main = framework === 'nest' ? 'webhooks.module' : 'receiver'
  const receiver = join(folder, first, `${main}.${extension}`)
  const { from } = factoryOf(about)
  if (!existsSync(receiver) || readFileSync(receiver, 'utf8').includes(`'${from}'`))
    return { folder: first, mount: MOUNT }
  const name = upper(about.name)
    .toLowerCase()
    .replaceAll(/(?:^|_)(\w)/g, (_all, letter: string) => letter.toUpperCase())
  return { folder: slashPath(first, about.name), mount: `mount${name}` }
}

/** The few forms of import and export that are written here, for CommonJS. */
function toCommonJs(text: string): string {
  const exported: string[] = []
  if (/^export default /m.test(text))
    return imported(text).replace(/^export default /m, 'module.exports = ')
  const body = imported(text).replaceAll(
    /^export (function|const) (\w+)/gm,
    (_all, kind: string, name: string) => {
      exported.push(name)
      return `${kind} ${name}`
    },
  )
  return exported.length > 0 ? `${body}\nmodule.exports = { ${exported.join(', ')} }\n` : body
}

function imported(text: string): string {
  return text
    .replaceAll(/^import \{ ([^}]+) \} from '([^']+)'$/gm, "const { $1 } = require('$2')")
    .replaceAll(/^import (\w+) from '([^']+)'$/gm, "const $1 = require('$2')")
}

/** The name of the class whose methods handle events. */
const HANDLERS = 'WebhookHandlers'

/** A module with its receiver, and a provider with its handlers. */
function nestParts(
  { folder: root, source }: Project,
  { about, gateway, inbox, path, topic }: Wanted,
  { folder, mount }: InitPlace,
  { ending }: Language,
): InitParts {
  const sender = { about, gateway }
  // A second sender shares the inbox of the first.
  const isFirst = mount === MOUNT
  const called = isFirst ? 'Webhooks' : mount.slice('mount'.length)
  const module = `${folder}/${isFirst ? 'webhooks' : about.name}.module`
  const files = new Map([
    [
      `${folder}/handlers.ts`,
      [
        "import { Injectable } from '@nestjs/common'",
        "import type { WebhookEvent } from '@postern/core'",
        "import { OnWebhook } from '@postern/nestjs'",
        '',
        '/** What happens with events. Its constructor gets what you inject. */',
        '@Injectable()',
        `export class ${HANDLERS} {`,
        `  @OnWebhook('${about.name}', '${topic}', { name: 'first' })`,
        '  async first(event: WebhookEvent) {',
        '    console.log(event.topic, event.id)',
        '  }',
        '}',
        '',
      ].join('\n'),
    ],
    [
      `${module}.ts`,
      [
        "import { Module } from '@nestjs/common'",
        "import { PosternModule } from '@postern/nestjs'",
        ...(gateway ? ["import { behind } from '@postern/core'"] : []),
        ...senderImports(sender),
        ...(isFirst ? [inboxImport(inbox!)] : []),
        `import { ${HANDLERS} } from './handlers${ending}'`,
        '',
        '@Module({',
        '  imports: [',
        ...(isFirst
          ? [
              `    PosternModule.forRootAsync({ useFactory: () => ({ inbox: ${inboxCall(inbox!, sender, true)} }) }),`,
            ]
          : []),
        ...receiverModule(about.name, path, providerCall(sender, true)).map(
          (line) => `    ${line}`,
        ),
        '  ],',
        `  providers: [${HANDLERS}],`,
        '})',
        `export class ${called}Module {}`,
        '',
      ].join('\n'),
    ],
  ])
  const app = slashPath(source, 'app.module.ts')
  const imported = `import { ${called}Module } from '${importPath(app, module, ending)}'`
  return {
    files,
    handlers: `${folder}/handlers`,
    mount: [
      `Two lines in ${existsSync(join(root, app)) ? app : 'the module of the app'}.`,
      `  with the imports: ${imported}`,
      `  in the imports of @Module: ${called}Module`,
      '  and in main.ts, so that nothing is lost at a deploy: app.enableShutdownHooks()',
    ].join('\n'),
  }
}

/** A test of the first handler. Undefined if deliveries cannot be signed. */
function testOf(
  { about, gateway, topic }: Pick<Wanted, 'about' | 'gateway' | 'topic'>,
  {
    runner,
    nest,
    handlers,
  }: {
    readonly runner: Project['runner']
    /** The path of the route and the class of handlers, if the test goes through an app of NestJS. */
    readonly nest: { readonly path: string; readonly handlers: string } | undefined
    /** What the test writes to import the handlers. */
    readonly handlers: string
  },
): string | undefined {
  const signer = gateway ?? about
  const secret = about.canSign ? secretOf(signer) : undefined
  if (secret === undefined) return undefined
  const isNode = runner === 'node'
  const head = isNode
    ? ["import assert from 'node:assert/strict'", "import { test } from 'node:test'"]
    : runner === 'vitest'
      ? ["import { expect, test } from 'vitest'"]
      : []
  const check = (found: string, wanted: string): string =>
    isNode ? `assert.equal(${found}, ${wanted})` : `expect(${found}).toBe(${wanted})`
  const signed = `${factoryOf(signer).factory}({ ${signer.secretOption}: '${secret}' })`
  const made = gateway ? `behind(${signed}, ${factoryOf(about).factory})` : signed
  const core = gateway ? ['behind', 'createReceiver'] : ['createReceiver']
  const checked = [
    `  ${check('status < 300', 'true')}`,
    `  ${check('tasks[0]?.state', "'done'")}`,
    '})',
    '',
  ]
  if (nest !== undefined)
    return [
      ...head,
      "import { Test } from '@nestjs/testing'",
      "import { PosternModule } from '@postern/nestjs'",
      "import { postern } from '@postern/nestjs/testing'",
      ...(gateway ? ["import { behind } from '@postern/core'"] : []),
      ...senderImports({ about, gateway }),
      `import { ${nest.handlers} } from '${handlers}'`,
      '',
      `test('${topic} is handled', async () => {`,
      `  const provider = ${made}`,
      '  const module = await Test.createTestingModule({',
      `    imports: [PosternModule.receiver('${about.name}', '${nest.path}', { useFactory: () => ({ provider, log: false }) })],`,
      `    providers: [${nest.handlers}],`,
      '  }).compile()',
      '  const app = await module.createNestApplication().init()',
      `  const { status, tasks } = await postern(app).deliver('${about.name}', '${topic}', {})`,
      '  await app.close()',
      ...checked,
    ].join('\n')
  return [
    ...head,
    `import { ${core.join(', ')} } from '@postern/core'`,
    ...senderImports({ about, gateway }),
    "import { deliver, signed } from '@postern/testing'",
    `import { subscribe } from '${handlers}'`,
    '',
    `test('${topic} is handled', async () => {`,
    `  const provider = ${made}`,
    '  const receiver = createReceiver({ provider, log: false })',
    '  subscribe(receiver)',
    `  const { status, tasks } = await deliver(receiver, signed(provider, '${topic}', {}))`,
    '  await receiver.close()',
    ...checked,
  ].join('\n')
}

/** A secret of the form that the sender has, for tests. Undefined if deliveries cannot be signed with a secret. */
function secretOf(about: About): string | undefined {
  if (about.secretOption === undefined || !about.canSign) return undefined
  const bytes = Buffer.from('a secret of tests, 32 bytes long')
  for (const secret of [
    'a-secret-of-tests',
    `whsec_${bytes.toString('base64')}`,
    bytes.toString('hex'),
    bytes.toString('base64'),
    `private:${bytes.toString('hex')}`,
  ]) {
    try {
      const provider = about.create({ [about.secretOption]: secret })
      provider.sign?.({
        payload: {},
        ...(about.topics[0] !== undefined && { topic: about.topics[0] }),
      })
      return secret
    } catch {
      // Another form.
    }
  }
  return undefined
}

/** Of names in a folder, those that git would take into a commit. All of them, if the folder is in no repository yet. */
export function takenByGit(folder: string, names: readonly string[]): readonly string[] {
  return names.filter(
    (name) =>
      spawnSync('git', ['check-ignore', '-q', name.replace('*', '')], { cwd: folder }).status !== 0,
  )
}

/** A new `.gitignore`: for the secret, and for the file of events. Undefined if there is one, or git takes neither. */
function ignoreFile(folder: string, names: readonly string[]): string | undefined {
  if (existsSync(join(folder, '.gitignore'))) return undefined
  const taken = takenByGit(folder, names)
  return taken.length === 0 ? undefined : [...taken, 'node_modules', ''].join('\n')
}
