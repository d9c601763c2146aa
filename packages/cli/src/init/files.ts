import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { About } from '@postern/core/scheme'
import { hosts } from '../hosts.ts'
import { inboxes, type InboxName } from '../inboxes.ts'
import { upper, variablesOf } from '../sender/sender.ts'
import { toCommonJs } from './common-js.ts'
import { importPath, slashPath } from './joined.ts'
import { languageOf } from './language.ts'
import type { Project } from './project.ts'
import { factoryOf } from '../sender/written.ts'
import { receiverOf } from './receiver-file.ts'
import { MOUNT, routeOf } from './route.ts'
import { testOf } from './test-file.ts'

/** What `init` was asked for. */
export interface Wanted {
  readonly about: About
  readonly inbox: InboxName
  /** Path of the route. */
  readonly path: string
}

/** What `init` will do. */
export interface InitPlan {
  /** New files by their path in the project. */
  readonly files: ReadonlyMap<string, string>
  /** The line for `.env`. */
  readonly env: string
  /** Packages to install, and those for development. */
  readonly packages: readonly string[]
  readonly development: readonly string[]
  /** What is left to do by hand. */
  readonly mount: string
  /** The command that runs the test. */
  readonly test: string | undefined
}

/** Plans the files of a receiver, its handlers, its route and its test. Nothing is written. */
export function planOf(project: Project, { about, inbox, path }: Wanted): InitPlan {
  const language = languageOf(project)
  const { extension, isCommonJs, testExtension, testEnding, testCommand } = language
  const { framework, source, tests, runner, raise } = project
  const place = placeOf(project, about, extension)
  const { folder } = place
  const topic = about.topics[0] ?? '**'
  const files = new Map([
    [`${folder}/handlers.${extension}`, handlersOf(topic, extension === 'ts')],
    [`${folder}/receiver.${extension}`, receiverOf(about, { framework, inbox, language })],
  ])
  const route = routeOf(project, { ...place, path }, language)
  files.set(route.file, route.text)
  const written = new Map(
    isCommonJs ? [...files].map(([name, text]) => [name, toCommonJs(text)]) : files,
  )

  const inTests =
    source !== '' && folder.startsWith(`${source}/`) ? folder.slice(source.length + 1) : folder
  const testFile = `${tests === undefined ? folder : slashPath(tests, inTests)}/${about.name}.test.${testExtension}`
  const tested = testOf(about, {
    ...factoryOf(about),
    topic,
    runner,
    handlers: importPath(testFile, `${folder}/handlers`, testEnding),
  })
  if (tested !== undefined)
    written.set(testFile, isCommonJs && testExtension === 'js' ? toCommonJs(tested) : tested)
  const inboxPackage = inboxes[inbox].package
  return {
    files: written,
    env: `${variablesOf(about)[0]!}=<your-secret>`,
    packages: [
      '@postern/core',
      '@postern/providers',
      hosts[framework].package!,
      ...(inboxPackage === '@postern/core' ? [] : [inboxPackage]),
      ...(raise === undefined ? [] : [`${framework}@${raise}`]),
    ],
    development: tested === undefined ? [] : ['@postern/testing'],
    mount: route.mount,
    test: tested === undefined ? undefined : `${testCommand} ${testFile}`,
  }
}

/** The folder `webhooks`, or one of the sender in it if that holds another sender already. */
function placeOf(
  { folder, source }: Project,
  about: About,
  extension: string,
): { readonly folder: string; readonly mount: string } {
  const first = slashPath(source, 'webhooks')
  const receiver = join(folder, first, `receiver.${extension}`)
  const { from } = factoryOf(about)
  if (!existsSync(receiver) || readFileSync(receiver, 'utf8').includes(`'${from}'`))
    return { folder: first, mount: MOUNT }
  const name = upper(about.name)
    .toLowerCase()
    .replaceAll(/(?:^|_)(\w)/g, (_all, letter: string) => letter.toUpperCase())
  return { folder: slashPath(first, about.name), mount: `mount${name}` }
}

function handlersOf(topic: string, isTyped: boolean): string {
  return [
    ...(isTyped ? ["import type { Receiver } from '@postern/core'", ''] : []),
    '/** What happens with events. Tests use it too. */',
    `export function subscribe(receiver${isTyped ? ': Receiver' : ''}) {`,
    `  receiver.on('${topic}', { name: 'first' }, async (event) => {`,
    '    console.log(event.topic, event.id)',
    '  })',
    '}',
    '',
  ].join('\n')
}
