import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { About } from '@postern/core/scheme'
import { hosts, type Framework } from '../hosts.ts'
import { inboxes } from '../inboxes.ts'
import { upper, variablesOf } from '../sender/sender.ts'
import { toCommonJs } from './common-js.ts'
import { importPath, slashPath } from './joined.ts'
import { ignoreFile } from './ignore.ts'
import { languageOf, type Language } from './language.ts'
import { HANDLERS, nestParts } from './nest-files.ts'
import type { InitParts, InitPlace, Wanted } from './parts.ts'
import type { Project } from './project.ts'
import { factoryOf } from '../sender/written.ts'
import { handlersFile, receiverOf } from './receiver-file.ts'
import { MOUNT, routeOf } from './route.ts'
import { testOf } from './test-file.ts'
import { workerParts } from './worker-files.ts'

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
