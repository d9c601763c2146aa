// Receives deliveries and runs them until the test kills it. Prints `ready <port>`.
import { createServer } from 'node:http'
import { createReceiver } from '@postern/core'
import { webhook } from '@postern/node'
import { durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { listenOn } from '../services/temporary.ts'
import { provider, subscribe } from './receiver.ts'

const [kind, store, watch, name] = process.argv.slice(2) as [DurableName, string, string, string]
const inbox = await openDurable(kind, store, { ...durables[kind].prompt, lease: '5s' })
const receiver = createReceiver({ provider, inbox, log: false })
subscribe(receiver, name, async (query) => (await fetch(`${watch}?${query}`)).text())
console.log(`ready ${await listenOn(createServer(webhook(receiver)))}`)
