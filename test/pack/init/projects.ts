import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from '../must.ts'

/** New project of a framework, and how to build and start it. */
export interface Project {
  /** Name of the project's folder and of the check. */
  readonly name: string
  /** Writes the project into `folder`, without installing packages. */
  readonly make: (folder: string) => Promise<void>
  /** Fixes the project's settings as a user would, if `init` asks for it. */
  readonly mend?: (folder: string) => Promise<void>
  /** Package manager of the project. @default npm */
  readonly manager?: 'pnpm'
  /** Commands that must succeed once the route is mounted. */
  readonly before?: readonly (readonly string[])[]
  /** Command that starts the app. PORT contains a free port. */
  readonly start: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** File for the app's secrets. @default '.env' */
  readonly secrets?: string
  /** Another file from which the project's tests read variables. */
  readonly testEnv?: string
  /** Pattern of the line that the app prints when it listens. */
  readonly listens: RegExp
}

/**
 * Six new projects. Two use npm, and four use pnpm, which needs less CPU. All generators come from the npm registry and
 * download nothing else.
 */
export const projects: readonly Project[] = [
  {
    // Express ~4.16, CommonJS, Jade, parsers before the routes, started by bin/www.
    name: 'express-4',
    make: (folder) => npx(folder, 'express-generator@4.16.1', ['express']),
    start: ['node', '--env-file=.env', 'bin/www'],
    env: { DEBUG: 'express-4:*' },
    listens: /Listening on port/,
  },
  {
    // Express 5, TypeScript compiled to CommonJS, path aliases, vitest with a test folder.
    name: 'express-5',
    make: expressTypeScript,
    mend: nodeNext,
    testEnv: 'config/.env.test',
    before: [['npx', 'tsc', '--project', 'tsconfig.prod.json']],
    start: [
      'node',
      '--env-file=.env',
      '-r',
      'dotenv/config',
      '-r',
      'module-alias/register',
      'dist/main.js',
    ],
    env: { DOTENV_CONFIG_PATH: 'config/.env.development' },
    listens: /started on port:/,
  },
  {
    // Koa 2, CommonJS, koa-bodyparser, and jest, which many projects of that age use. The generator's Pug 2 does not
    // match the peer range of its koa-views, so the project uses Pug 3.
    name: 'koa',
    async make(folder) {
      await npx(folder, 'koa-generator@1.1.17', ['koa2'])
      const versions = ['devDependencies.jest=^30.0.0', 'dependencies.pug=^3.0.0']
      await must('npm', ['pkg', 'set', ...versions], { cwd: folder })
    },
    manager: 'pnpm',
    start: ['node', '--env-file=.env', 'bin/www'],
    env: { DEBUG: 'demo:server' },
    listens: /Listening on port/,
  },
  {
    // TypeScript, App Router, no src folder.
    name: 'next',
    make: (folder) =>
      npx(
        folder,
        'create-next-app@16.4.3',
        ['create-next-app'],
        '--ts --app --empty --no-src-dir --no-tailwind --no-linter --import-alias @/* --use-pnpm --skip-install --disable-git --yes'.split(
          ' ',
        ),
      ),
    manager: 'pnpm',
    secrets: '.env.local',
    before: [['npx', 'next', 'build']],
    start: ['npx', 'next', 'start'],
    listens: /Ready in/,
  },
  {
    // Fastify 5, CommonJS, @fastify/autoload, node:test with a test folder.
    name: 'fastify',
    make: (folder) => npx(folder, 'fastify-cli@8.0.2', ['fastify', 'generate']),
    manager: 'pnpm',
    before: [['npm', 'test']],
    start: ['npx', 'fastify', 'start', '--log-level', 'info', 'app.js'],
    env: { FASTIFY_ADDRESS: '127.0.0.1' },
    listens: /listening at/,
  },
  {
    // create-hono downloads its template from GitHub. This project has the same files as the template for Node.js.
    name: 'hono',
    make: honoByHand,
    manager: 'pnpm',
    before: [['npx', 'tsc', '--noEmit']],
    start: ['npx', 'tsx', '--env-file=.env', 'src/index.ts'],
    listens: /running on/,
  },
]

/** Runs a generator package. `command` is followed by the folder and then by `flags`. */
async function npx(
  folder: string,
  name: string,
  command: readonly string[],
  flags: readonly string[] = [],
): Promise<void> {
  await must('npx', ['-y', '--prefer-offline', '-p', name, ...command, folder, ...flags])
}

/**
 * The generator would always install the newest versions of forty packages. So this copies its template without running
 * it.
 */
async function expressTypeScript(folder: string): Promise<void> {
  const store = `${folder}-generator`
  await mkdir(store)
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--no-save']
  await must('npm', ['install', ...flags, 'express-generator-typescript@2.8.1'], { cwd: store })
  const template = join(store, 'node_modules/express-generator-typescript/lib/project-files')
  await cp(template, folder, { recursive: true })
  const file = join(folder, 'package.json')
  const manifest = JSON.parse(await readFile(file, 'utf8')) as {
    devDependencies: Record<string, string>
  }
  // Removes linters, watchers and browser packages, which the check does not need.
  manifest.devDependencies = Object.fromEntries(
    Object.entries(manifest.devDependencies).filter(([name]) =>
      /^(?:@types\/.*|typescript|vitest|supertest)$/.test(name),
    ),
  )
  await writeFile(file, JSON.stringify(manifest))
}

async function nodeNext(folder: string): Promise<void> {
  for (const name of ['tsconfig.json', 'tsconfig.prod.json']) {
    const file = join(folder, name)
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(/"module": "commonjs"/i, '"module": "nodenext"'))
  }
}

async function honoByHand(folder: string): Promise<void> {
  await mkdir(join(folder, 'src'), { recursive: true })
  const manifest = {
    name: 'hono',
    type: 'module',
    scripts: { dev: 'tsx watch src/index.ts', build: 'tsc', start: 'node dist/index.js' },
    dependencies: { hono: '^4.13.0', '@hono/node-server': '^2.1.0' },
    devDependencies: { tsx: '^4.20.0', typescript: '^5.9.0', '@types/node': '^22.0.0' },
  }
  const compilerOptions = {
    target: 'ESNext',
    module: 'NodeNext',
    strict: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    types: ['node'],
    outDir: './dist',
  }
  const app = `import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono()

app.get('/', (c) => {
  return c.text('Hello Hono!')
})

serve({
  fetch: app.fetch,
  port: Number(process.env.PORT ?? 3000)
}, (info) => {
  console.log(\`Server is running on http://localhost:\${info.port}\`)
})
`
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, exclude: ['node_modules'] }),
  )
  await writeFile(join(folder, 'src/index.ts'), app)
}
