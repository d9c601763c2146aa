import { createReceiver, fixed, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { github, stripe } from '@postern/providers'
import { listen, settled, signed } from '@postern/testing'
import express from 'express'
import { inspector } from '../../src/hosts/express.ts'
import type { Grant } from '../../src/index.ts'
import { temporaryInbox } from '../scene.ts'

const SECRET = 'whsec_c2VjcmV0IG9mIHRoZSB3b3JsZCBvZiB0ZXN0cw'

/** Receivers with handlers, and functions that send deliveries to them. */
export interface Shop {
  readonly receivers: readonly Receiver[]
  readonly stripe: Receiver
  readonly github: Receiver
  /** While true, the handler of `mail` fails. A task has two attempts. */
  isBroken: boolean
  /** A text for each completed task: its subscription and the event's id. */
  readonly done: string[]
  ran(): readonly string[]
  send(topic?: string, options?: { payload?: unknown; id?: string }): Promise<void>
  sendAndSettle(...given: Parameters<Shop['send']>): Promise<void>
  /** Sends events whose task of `mail` dies: `evt_1`, `evt_2` and so on. A later call continues the numbers. */
  makeDead(count?: number): Promise<void>
  /** Sends a delivery with a wrong signature; by default its secret has a trailing space. */
  tamper(secret?: string): Promise<void>
  /** Sends a delivery whose JSON body was formatted again after signing. */
  rewrite(): Promise<void>
  fail(isBroken: boolean): void
  /** Waits until no task is pending or running, and the journal has all deliveries. */
  settled(): Promise<void>
}

export function createShop(inbox: Inbox): Shop {
  const options = { inbox, log: false as const }
  let made = 0
  const shop: Shop = {
    receivers: [],
    stripe: createReceiver({ ...options, provider: stripe({ secret: SECRET }) }) as Receiver,
    github: createReceiver({ ...options, provider: github({ secret: SECRET }) }) as Receiver,
    isBroken: false,
    done: [],
    ran: () => shop.done,
    fail(isBroken) {
      shop.isBroken = isBroken
    },
    async send(topic = 'invoice.paid', { payload, id } = {}) {
      const named = id === undefined ? {} : { id }
      const request = await signed(stripe({ secret: SECRET }), topic as never, payload, named)
      await shop.stripe.fetch(request)
    },
    async sendAndSettle(...given) {
      await shop.send(...given)
      await shop.settled()
    },
    async makeDead(count = 1) {
      shop.isBroken = true
      for (let at = 0; at < count; at++) await shop.send('invoice.paid', { id: `evt_${++made}` })
      await shop.settled()
      shop.isBroken = false
    },
    async tamper(secret = `${SECRET} `) {
      await shop.stripe.fetch(
        await signed(stripe({ secret: SECRET }), 'invoice.paid', undefined, { secret }),
      )
    },
    async rewrite() {
      const invoice = { id: 'in_1', customer_name: 'Zoë', amount_paid: 4200, currency: 'eur' }
      const request = await signed(stripe({ secret: SECRET }), 'invoice.paid', invoice)
      const body = JSON.stringify(await request.clone().json(), undefined, 1)
      await shop.stripe.fetch(
        new Request(request.url, { method: 'POST', headers: request.headers, body }),
      )
    },
    async settled() {
      for (const receiver of shop.receivers) {
        await settled(receiver)
        await receiver.runDue({ deadline: '2s', max: 1 })
      }
    },
  }
  ;(shop as { receivers: readonly Receiver[] }).receivers = [shop.stripe, shop.github]
  shop.stripe.on('**', { name: 'ledger' }, ({ id }) => void shop.done.push(`ledger ${id}`))
  shop.stripe.on('**', { name: 'mail', retry: fixed({ attempts: 2, delay: 20 }) }, ({ id }) => {
    if (shop.isBroken) throw new Error('SMTP 421 too many connections')
    shop.done.push(`mail ${id}`)
  })
  shop.github.on('**', { name: 'deploy' }, () => undefined)
  return shop
}

export interface World extends Shop {
  readonly inbox: Inbox
  /** Address of the page, without a slash at its end. */
  readonly url: string
  grant: Grant | undefined
  close(): Promise<void>
}

/** Starts an Express app with the receivers, and with the inspector in a router of a router. */
export async function startWorld(inbox: Inbox = temporaryInbox()): Promise<World> {
  const shop = createShop(inbox)
  const app = express()
  const admin = express.Router()
  const world = shop as World
  const auth = (): Grant | undefined => world.grant
  const registered = {
    stripe: () => ({
      url: 'https://shop.example/stripe',
      endpoints: [{ id: 'we_1', state: 'active', delivering: true }],
      differs: ['update we_1: the topics differ; lacks invoice.voided'],
    }),
  }
  admin.use(
    '/postern',
    inspector({ inbox, receivers: shop.receivers, auth, name: 'orders-api', registered }),
  )
  app.use('/admin', admin)
  const { url, close } = await listen(app, '/admin/postern')
  return Object.assign(world, {
    inbox,
    url,
    grant: { allow: ['replay', 'delete', 'rerun', 'sample'], as: 'ada' } as Grant,
    async close() {
      await close()
      await Promise.all(shop.receivers.map((receiver) => receiver.close({ timeout: '1s' })))
      await inbox.close()
    },
  })
}
