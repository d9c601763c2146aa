import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { inboxes } from '../inboxes.ts'
import { exampleFiles, filled, sortedImports, type Filling } from '../sender/example.ts'
import { variablesOf } from '../sender/sender.ts'
import { factoryOf, providerCall, variablesIn } from '../sender/written.ts'
import { moduleName, mountOf, type InitPlace } from './mount.ts'
import { bare, importPath, slashPath, type Project } from './project.ts'

export interface InitPlan {
  /** Content of each new file, by the file's path in the project. */
  readonly files: ReadonlyMap<string, string>
  readonly env: readonly string[]
  readonly ignored: readonly string[]
  /** Packages that the app needs. `development` lists further packages, for development only. */
  readonly packages: readonly string[]
  readonly development: readonly string[]
  /** Text for the user: code to add by hand so that the app serves the route. */
  readonly mount: readonly string[]
  readonly test: string | undefined
}

/** Chooses the folder for a provider's files. A second provider gets a subfolder and shares the inbox of the first. */
export function placeFor({ folder, source, framework }: Project, name: string): InitPlace {
  const root = slashPath(source, 'webhooks')
  const main = framework === 'nest' ? 'webhooks.module' : 'receiver'
  const [first] = ['ts', 'js', 'mjs'].map((one) => `${root}/${main}.${one}`).filter(has)
  const { from } = factoryOf({ name })
  return first === undefined || readFileSync(join(folder, first), 'utf8').includes(`'${from}'`)
    ? { folder: root, first: undefined }
    : { folder: `${root}/${name}`, first }

  function has(file: string): boolean {
    return existsSync(join(folder, file))
  }
}

/**
 * Plans the files of a receiver, its handlers, its route and its test, based on the example app of the framework.
 * Writes nothing.
 */
export function planOf(project: Project, place: InitPlace, filling: Filling): InitPlan {
  const { about, gateway, inbox } = filling
  const { framework, raise } = project
  const language = languageOf(project)
  const { extension, ending, testEnding, testCommand } = language
  const example = exampleFiles(framework)
  const targets = new Map(
    [...example.keys()].flatMap((file) => {
      const target = targetOf(file, project, place, filling, language)
      return target === undefined ? [] : [[file, target] as const]
    }),
  )
  const files = new Map([...targets].map(([file, to]) => [to, textOf(file, to)] as const))
  const test = [...files.keys()].find((file) => /\.(?:test|spec)\.\w+$/.test(file))
  const mount = mountOf({ ...place, project, filling, ending, targets, code })
  const kept = inbox === undefined ? undefined : inboxes[inbox].place
  const ignored = [project.env, ...(kept?.ignored === undefined ? [] : [kept.ignored])]
  const ignore = ignoreFile(project.folder, ignored)
  if (ignore !== undefined) files.set('.gitignore', ignore)
  const named = (from: string): readonly string[] =>
    [...from.matchAll(/'(@postern\/[\w-]+)/g)].map(([, name]) => name!)
  const app = [...files].map(([file, text]) => (file === test ? '' : text))
  const secret = variablesOf(gateway ?? about)[0]!
  const variables = variablesIn(providerCall(filling, 'env')).filter((name) => name !== secret)
  return {
    files,
    env: [
      `${secret}=<your-secret>`,
      ...variables.map((name) => `${name}=<your-value>`),
      ...(typeof kept?.written === 'object' && place.first === undefined
        ? [`${kept.written.variable}=${kept.written.example}`]
        : []),
    ],
    ignored,
    packages: [
      ...new Set(['@postern/core', ...named([...app, ...mount].join('\n'))].toSorted()),
      ...(raise === undefined ? [] : [raise]),
    ],
    development: [
      ...(test === undefined ? [] : ['@postern/testing']),
      ...(test !== undefined && framework === 'nest' ? ['@nestjs/testing'] : []),
      ...(framework === 'cloudflare' ? ['wrangler'] : []),
    ].filter((name) => name.startsWith('@postern/') || !project.uses(name)),
    mount,
    test: test === undefined ? undefined : `${testCommand} ${test}`,
  }

  /**
   * Returns the lines that the user must add by hand to the file `to` of the project. The lines come from an example
   * file.
   */
  function code(file: string, to: string): readonly string[] {
    const name = `${factoryOf(about).factory}Receiver`
    const text =
      place.first === undefined
        ? textOf(file, to)
        : textOf(file, to)
            .replace('{ inbox, receiver }', `{ receiver as ${name} }`)
            .replaceAll(/(?<=webhook\(|\[)receiver\b/g, name)
    const isRequired = project.typeScript === undefined && !project.isModule
    return (isRequired ? required(text) : text)
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [`  ${line}`]))
  }

  function textOf(file: string, to: string): string {
    const from = example.get(file)!
    if (file === 'wrangler.jsonc')
      return filled(from, filling)
        .replace('"webhooks"', () => JSON.stringify(workerName(project.folder)))
        .replace('webhooks/worker.ts', () => targets.get('webhooks/worker.ts') ?? '')
    const isTest = /\.(?:test|spec)\.ts$/.test(file)
    const text = second(filled(from, filling)).replaceAll(
      /(from |import\()'(\.[^']+)'/g,
      (_, before: string, name: string) => {
        const imported = posix.join(posix.dirname(from), name).replace(`${framework}/`, '')
        const target = targets.get(imported) ?? posix.join(dirname(to), name)
        return `${before}'${importPath(to, bare(target), isTest ? testEnding : ending)}'`
      },
    )
    const isTyped = (isTest ? language.testExtension : extension) === 'ts'
    const plain = isTyped ? text : untyped(text)
    return isTest ? tested(plain, project.runner) : plain
  }

  /** Changes the text of a file for a second provider, which shares the inbox of the first. */
  function second(text: string): string {
    if (place.first === undefined) return text
    return sortedImports(
      text
        .replace(
          /^\/\*\*.*\nexport const inbox = .*\n\n/m,
          "import { inbox } from '../receiver.ts'\n",
        )
        .replace(/^ {4}PosternModule\.forRootAsync\(\{\n.*\n {4}\}\),\n/m, '')
        .replace('class WebhooksModule', `class ${moduleName(about.name)}`),
    )
  }
}

/** Returns where an example file is written in the project. Undefined if the project does not need the file. */
function targetOf(
  file: string,
  { folder: root, framework, source, tests, routes }: Project,
  { folder, first }: InitPlace,
  { about, path }: Filling,
  { extension, testExtension }: Language,
): string | undefined {
  const isNest = framework === 'nest'
  const isThere = (name: string): boolean =>
    ['ts', 'js', 'mjs', 'json', 'jsonc', 'toml'].some((one) =>
      existsSync(join(root, `${name}.${one}`)),
    )
  const [, kind] = /\.(test|spec)\.ts$/.exec(file) ?? []
  if (kind !== undefined) {
    if (!about.canSign || isNest !== (kind === 'spec')) return undefined
    const inSource = source !== '' && folder.startsWith(`${source}/`)
    const inTests = slashPath(tests ?? '', inSource ? folder.slice(source.length + 1) : folder)
    // Nest's test runner finds only tests in src.
    return `${tests === undefined || isNest ? folder : inTests}/${about.name}.${kind}.${testExtension}`
  }
  if (file === 'webhooks/receiver.ts' && isNest) return undefined
  if (file === 'webhooks/worker.ts' && first !== undefined) return undefined
  if (file === 'webhooks/webhooks.module.ts' && first !== undefined)
    return `${folder}/${about.name}.module.ts`
  if (file.startsWith('webhooks/')) return `${folder}/${bare(posix.basename(file))}.${extension}`
  if (file.startsWith('app/')) return `${slashPath(source, 'app')}${path}/route.${extension}`
  if (file.startsWith('routes/'))
    return routes && `${routes}/${first === undefined ? 'webhooks' : about.name}.${extension}`
  const instrumentation = slashPath(source, 'instrumentation')
  if (file === 'instrumentation.ts')
    return isThere(instrumentation) ? undefined : `${instrumentation}.${extension}`
  return file === 'wrangler.jsonc' && !isThere('wrangler') ? file : undefined
}

function workerName(folder: string): string {
  const name = basename(folder).toLowerCase()
  return name.replaceAll(/[^a-z\d]+/g, '-').replaceAll(/^-|-$/g, '') || 'webhooks'
}

function required(text: string): string {
  return text
    .replaceAll(/^import (.+) from ('.+')$/gm, 'const $1 = require($2)')
    .replaceAll(' as ', ': ')
}

function untyped(text: string): string {
  return text
    .replaceAll(/^import type .*\n/gm, '')
    .replaceAll(/^\/\*\*.*\nexport interface [^]*?^\}\n\n/gm, '')
    .replaceAll(/: (?:Receiver|FastifyInstance|Receivers<Env>)(?=[),\s])/g, '')
    .replaceAll(/(process\.env\.\w+)!/g, '$1')
    .replace(/^\n+/, '')
}

/** Changes a vitest test for another test runner. */
function tested(text: string, runner: Project['runner']): string {
  const imported = "import { expect, test } from 'vitest'\n"
  if (runner === 'vitest') return text
  if (runner === 'jest') return text.replace(imported, '')
  return sortedImports(
    text
      .replace(
        imported,
        "import assert from 'node:assert/strict'\nimport { test } from 'node:test'\n",
      )
      .replaceAll(/expect\((.+)\)\.toBe\((.+)\)$/gm, 'assert.equal($1, $2)'),
  )
}

/** Returns the names that git does not ignore. Outside a repository, `.gitignore` is compared line by line. */
export function takenByGit(folder: string, names: readonly string[]): readonly string[] {
  const file = join(folder, '.gitignore')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split(/\r?\n/) : []
  return names.filter((name) => {
    const args = ['check-ignore', '-q', name.replace('*', '')]
    const { status } = spawnSync('git', args, { cwd: folder })
    return status === 1 || (status !== 0 && !lines.includes(name))
  })
}

/**
 * Returns a new `.gitignore` for the secret and the inbox file. Undefined if `.gitignore` exists, or if git already
 * ignores both.
 */
function ignoreFile(folder: string, names: readonly string[]): string | undefined {
  if (existsSync(join(folder, '.gitignore'))) return undefined
  const taken = takenByGit(folder, names)
  return taken.length === 0 ? undefined : [...taken, 'node_modules', ''].join('\n')
}

interface Language {
  /** Extension of source files. `mjs` is for a CommonJS project in JavaScript. */
  readonly extension: 'ts' | 'js' | 'mjs'
  /** Ending of relative imports in source files. */
  readonly ending: '' | '.js' | '.mjs' | '.ts'
  readonly testExtension: 'ts' | 'js' | 'mjs'
  readonly testEnding: '' | '.js' | '.mjs' | '.ts'
  readonly testCommand: string
}

function languageOf(project: Project): Language {
  const { typeScript, isModule, runner, loader, framework } = project
  const isNest = framework === 'nest'
  const extension = typeScript ? 'ts' : isModule ? 'js' : 'mjs'
  const ending = typeScript ? typeScript.ending : extension === 'js' ? '.js' : '.mjs'
  const language = { extension, ending, testExtension: extension, testEnding: ending } as const
  if (runner === 'vitest') return { ...language, testCommand: 'npx vitest run' }
  if (runner === 'jest')
    return {
      ...language,
      // Jest can load ES modules, such as Postern's packages, only from an ES module. So the test is `.mjs`. On Nest,
      // the test keeps its extension, because the project's own compiler must handle its decorators.
      ...(!isNest && { testExtension: 'mjs', testEnding: ending === '.ts' ? '' : ending }),
      testCommand: 'node --experimental-vm-modules node_modules/jest/bin/jest.js',
    }
  const isStripped = typeScript === undefined || ending === '.ts'
  if (isStripped && !isNest) return { ...language, testCommand: 'node --test' }
  if (loader !== undefined || isNest)
    return {
      ...language,
      testCommand: `node ${loader === 'tsx' ? '--import tsx' : '-r ts-node/register'} --test`,
    }
  // Node itself runs TypeScript only if imports end in `.ts`, which tsc may reject. tsc does not check a JavaScript
  // file, so the test is `.mjs`.
  return { ...language, testExtension: 'mjs', testEnding: '.ts', testCommand: 'node --test' }
}
