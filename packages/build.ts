// `npm run build`: declarations by tsc, and the modules of each package in few files, since finding and opening one
// costs more than running it. What `import()` loads stays a file of its own, and no module is in two files. `--fresh`
// builds from nothing: declarations of modules that were since removed would be packed too.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, globSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { rolldown, type RolldownOutput } from 'rolldown'
import { writeLists } from './providers/test/lists.ts'

const packages = import.meta.dirname
const manifests = globSync('*/package.json', { cwd: packages }).filter((file) => {
  // The site is private and has no modules.
  const { private: isPrivate } = JSON.parse(readFileSync(join(packages, file), 'utf8')) as {
    readonly private?: boolean
  }
  return isPrivate !== true
})

if (process.argv.includes('--fresh'))
  for (const manifest of manifests)
    rmSync(join(packages, dirname(manifest), 'dist'), { recursive: true, force: true })

writeLists()
const tsc = spawnSync('tsc', ['-b', packages], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
if (tsc.error) throw tsc.error
if (tsc.status !== 0) process.exit(tsc.status ?? 1)
for (const manifest of manifests) await bundle(join(packages, dirname(manifest)))
copyExample('hosts', 'cli/dist/hosts')
for (const name of [
  'express-sqlite',
  'next-drizzle',
  'nest-typeorm',
  'hono-workers',
  'worker-and-web',
])
  copyExample(name, `create-postern/dist/apps/${name}`)

/** `postern init` and `npm create postern` write what the examples are: they are packed, without what git ignores. */
function copyExample(name: string, to: string): void {
  const from = join(packages, '../examples', name)
  rmSync(join(packages, to), { recursive: true, force: true })
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  for (const file of execFileSync('git', args, { cwd: from, encoding: 'utf8' }).trim().split('\n'))
    cpSync(join(from, file), join(packages, to, file))
}

async function bundle(folder: string): Promise<void> {
  const entries = entriesOf(folder)
  const started = startedFrom(folder)
  const isEntry = (id: string): boolean => entries.includes(id) || started.includes(id)
  // An entry is a file of its own already.
  const lazy = new Set([...loadedLater(folder)].filter((file) => !isEntry(file)))
  const build = await rolldown({
    input: Object.fromEntries([
      ...entries.map((file) => [nameOf(folder, file), file] as const),
      ...started.map((file) => [chunkOf(file).slice(0, -'.js'.length), file] as const),
    ]),
    cwd: folder,
    platform: 'neutral',
    transform: { target: 'es2023' },
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    plugins: [
      {
        name: 'lazy',
        // An entry may export what is loaded later elsewhere: it names that file, and the file is not drawn into the entry.
        resolveId(source, importer) {
          if (importer === undefined || !isEntry(importer)) return undefined
          const file = resolve(dirname(importer), source)
          if (!lazy.has(file)) return undefined
          const up = '../'.repeat(nameOf(folder, importer).split('/').length - 1)
          return { id: `${up || './'}${chunkOf(file)}`, external: true }
        },
      },
    ],
    // Such as an import() that loads nothing later.
    onLog: (_level, log) => {
      throw new Error(`${folder}: ${log.message}`)
    },
  })
  // Files that were made of modules since removed would be published too.
  for (const old of globSync('dist/**/*.js', { cwd: folder })) rmSync(join(folder, old))
  const { output } = await build.write({
    dir: join(folder, 'dist'),
    comments: { jsdoc: false },
    minifyInternalExports: false,
    entryFileNames: '[name].js',
    chunkFileNames: chunkOf('[name]'),
    codeSplitting: {
      groups: [
        // What is loaded later needs modules of the entry's: they are beside the entry, for both.
        ...(lazy.size > 0
          ? [{ name: 'main', tags: ['$initial' as const], test: (id: string) => !isEntry(id) }]
          : []),
        // Small, and most providers need one of them.
        { name: 'common', test: /[\\/]src[\\/](?:common[\\/]|schemes[\\/]sender\.ts$)/ },
      ],
    },
  })
  await build.close()
  checkNames(folder, output)
}

/** A file that is loaded later has what its `import()` names, and no more: an entry that exports another name of it cannot be loaded. */
function checkNames(folder: string, output: RolldownOutput['output']): void {
  const chunks = new Map(
    output.flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one]] : [])),
  )
  for (const { fileName, code } of chunks.values())
    for (const [, names, from] of code.matchAll(/^(?:im|ex)port \{([^}]*)\} from "(\.[^"]+)"/gm)) {
      const known = chunks.get(join(dirname(fileName), from!).replaceAll('\\', '/'))?.exports
      for (const name of names!.split(',').map((one) => one.trim().split(' ')[0]!))
        if (known && !known.includes(name))
          throw new Error(
            `${folder}: ${fileName} has ${name} of ${from}, which has ${known.join()}: move ${name} out of what import() loads`,
          )
    }
}

/** The modules that can be imported by name: what `exports` lists, and what its patterns match and no pattern closes. */
function entriesOf(folder: string): readonly string[] {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | null>>
  }
  const modules = Object.values(exports).filter((target) => target?.endsWith('.ts'))
  const closed = Object.keys(exports)
    .filter((name) => exports[name] === null)
    .map((name) => join(folder, 'src', name.replace('*', '')))
  const files = modules.flatMap((target) =>
    globSync(target!.replace('*', '**/*'), { cwd: folder }).map((file) => join(folder, file)),
  )
  return [...new Set(files)].filter((file) => !closed.some((path) => file.startsWith(path)))
}

/** The modules of the package that some module loads with `import()`. */
function loadedLater(folder: string): ReadonlySet<string> {
  return new Set(namedIn(folder, /\bimport\('(\.[^']+)'\)/g))
}

/** The modules of the package that some module starts as a process: each is a file next to that module's. */
function startedFrom(folder: string): readonly string[] {
  return namedIn(folder, /import\.meta\.url\.endsWith\('\.ts'\) \? '(\.\/[^']+\.ts)'/g)
}

/** The modules of the package that its sources name in a pattern. */
function namedIn(folder: string, pattern: RegExp): readonly string[] {
  const files = globSync('src/**/*.ts', { cwd: folder }).map((file) => join(folder, file))
  return files.flatMap((file) =>
    Array.from(readFileSync(file, 'utf8').matchAll(pattern), ([, source]) =>
      resolve(dirname(file), source!),
    ),
  )
}

function nameOf(folder: string, file: string): string {
  return file.slice(join(folder, 'src').length + 1, -'.ts'.length).replaceAll('\\', '/')
}

function chunkOf(file: string): string {
  return `chunks/${basename(file, '.ts')}.js`
}
