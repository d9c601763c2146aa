import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from '../pack/must.ts'
import { npmCi } from '../run/npm-ci.ts'
import { freePort, removeFolder, temporaryFolder } from '../services/temporary.ts'
import { startProcess } from '../services/process.ts'

/** npm registry on this machine for Postern packages. It forwards requests for all others. */
export interface Registry {
  readonly url: string
  /** Path of an .npmrc that makes npm and npx use this registry. */
  readonly npmrc: string
  stop(): Promise<void>
}

const here = join(import.meta.dirname, 'registry')

/** Starts verdaccio on loopback. `stop` also deletes the published packages. */
export async function startRegistry(): Promise<Registry> {
  const folder = await temporaryFolder('registry')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const upstream = (await must('npm', ['config', 'get', 'registry'])).trim()
  const everybody = { access: '$all', publish: '$all', unpublish: '$all' }
  const settings = {
    storage: join(folder, 'storage'),
    uplinks: { npm: { url: upstream, cache: false } },
    packages: {
      '@postern/*': everybody,
      postern: everybody,
      '**': { access: '$all', proxy: 'npm' },
    },
    auth: { htpasswd: { file: join(folder, 'users'), max_users: 1 } },
    web: { enable: false },
    max_body_size: '50mb',
    log: { type: 'stdout', format: 'pretty', level: 'info' },
  }
  // JSON is valid YAML.
  await writeFile(join(folder, 'config.yaml'), JSON.stringify(settings))
  await npmCi(here)
  const program = join(here, 'node_modules/verdaccio/bin/verdaccio')
  const args = [program, '--config', join(folder, 'config.yaml'), '--listen', `127.0.0.1:${port}`]
  const running = await startProcess(process.execPath, args, { ready: /http address/ })
  const npmrc = join(folder, '.npmrc')
  await writeFile(npmrc, `registry=${url}\n//127.0.0.1:${port}/:_authToken=${await signUp(url)}\n`)
  return {
    url,
    npmrc,
    async stop() {
      running.kill('SIGTERM')
      await running.ended
      await removeFolder(folder)
    },
  }
}

/** Creates a user and returns its token. npm publishes only with a token, even if the registry needs none. */
async function signUp(url: string): Promise<string> {
  const response = await fetch(`${url}-/user/org.couchdb.user:rehearsal`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'rehearsal', password: 'only-on-loopback' }),
  })
  const { token } = (await response.json()) as { token?: string }
  if (token === undefined) throw new Error(`the registry gave no token: HTTP ${response.status}`)
  return token
}
