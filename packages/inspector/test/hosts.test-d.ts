import { createReceiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { github, stripe } from '@postern/providers'
import type { Request as ExpressRequest, Response as ExpressResponse } from 'express'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context as HonoContext } from 'hono'
import type { Context as KoaContext } from 'koa'
import type { IncomingMessage } from 'node:http'
import type { NextRequest } from 'next/server.js'
import { expectTypeOf, test } from 'vitest'
import { inspector as onExpress } from '../src/hosts/express.ts'
import { inspector as onFastify } from '../src/hosts/fastify.ts'
import { inspector as onFetch } from '../src/hosts/fetch.ts'
import { inspector as onHono } from '../src/hosts/hono.ts'
import { inspector as onKoa } from '../src/hosts/koa.ts'
import { inspector as onNext } from '../src/hosts/next.ts'
import { inspector as onNode } from '../src/hosts/node.ts'

declare const inbox: Inbox

test('auth gets what the host has', () => {
  onExpress({
    inbox,
    auth(request, response) {
      expectTypeOf(request).toEqualTypeOf<ExpressRequest>()
      expectTypeOf(response).toEqualTypeOf<ExpressResponse>()
      return response.redirect('/login')
    },
  })
  onKoa({ inbox, auth: (context) => void expectTypeOf(context).toEqualTypeOf<KoaContext>() })
  onFastify({
    inbox,
    auth(request, reply) {
      expectTypeOf(request).toEqualTypeOf<FastifyRequest>()
      expectTypeOf(reply).toEqualTypeOf<FastifyReply>()
    },
  })
  onHono({
    inbox,
    auth(context) {
      expectTypeOf(context).toEqualTypeOf<HonoContext>()
      return context.redirect('/login')
    },
  })
  onNode({ inbox, auth: (request) => void expectTypeOf(request).toEqualTypeOf<IncomingMessage>() })
  onNext({ inbox, auth: (request) => void expectTypeOf(request).toEqualTypeOf<NextRequest>() })
  onFetch({ inbox, auth: (request) => void expectTypeOf(request).toEqualTypeOf<Request>() })
})

test('receivers of any events, and promises of them', () => {
  const one = createReceiver({
    provider: github<{ push: { ref: string } }>({ secret: 'x' }),
    inbox,
  })
  const other = createReceiver({ provider: stripe({ secret: 'x' }), inbox })
  onFetch({ inbox, dev: true, receivers: [one, other] })
  onFetch({ inbox: async () => inbox, dev: true, receivers: () => [one, Promise.resolve(other)] })
})

test('grants are checked as they are written', () => {
  // @ts-expect-error no such action
  onFetch({ inbox, auth: () => ({ allow: ['remove'] }) })
  // @ts-expect-error no such role
  onFetch({ inbox, auth: { token: 'x', allow: 'write' } })
  // @ts-expect-error no such option
  onFetch({ inbox, dev: true, prefix: '/postern' })
})
