// Imports the apps of a folder (first argument), each on its own port. Sends each app a signed delivery. Prints one
// line of JSON per app with the reply's status and what the handler printed.
import { once } from 'node:events'
import { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { catalogue } from '@postern/providers/catalogue'
import { signedInit } from '@postern/testing'
import { upper, variablesOf } from '../../packages/cli/src/sender/sender.ts'
import type { HostName } from '../../packages/cli/src/hosts.ts'

const [folder, host, ...names] = process.argv.slice(2) as [string, HostName, ...string[]]
const listen: unknown = Reflect.get(Server.prototype, 'listen')
const servers: Server[] = []
Server.prototype.listen = function onFreePort(this: Server, where: unknown, ...rest: unknown[]) {
  servers.push(this)
  const free = typeof where === 'object' ? { ...where, port: 0 } : 0
  return Reflect.apply(listen as () => Server, this, [free, ...rest])
} as Server['listen']
let said: string[] = []
console.log = (...[topic]: unknown[]) => void said.push(String(topic))

for (const name of names.length > 0 ? names : catalogue.keys()) {
  const about = catalogue.get(name)!
  const example = about.example as Readonly<Record<string, unknown>>
  for (const [option, value] of Object.entries(example))
    if (typeof value === 'string')
      process.env[
        option === about.secretOption ? variablesOf(about)[0]! : `${upper(name)}_${upper(option)}`
      ] = value
  await import(pathToFileURL(join(folder, host, `${name}.ts`)).href)
  const server = servers.at(-1)!
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/webhooks/${name}`
  const topic = about.topics[0]
  const init = about.canSign
    ? await signedInit(about.create(example), topic, undefined, { url })
    : { method: 'POST', url, headers: { 'content-type': 'application/json' }, body: '{}' }
  const { method, headers, body } = init
  said = []
  const reply = await fetch(init.url, {
    method,
    headers: headers as HeadersInit,
    ...(method === 'GET' ? {} : { body: body as BodyInit }),
  })
  // The handler runs after the reply.
  const until = performance.now() + 2000
  while (about.canSign && said.length === 0 && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 1))
  process.stdout.write(
    `${JSON.stringify({ name, signed: about.canSign, status: reply.status, handled: said })}\n`,
  )
}
process.exit(0)
