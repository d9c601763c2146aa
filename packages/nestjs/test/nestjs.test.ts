// Takes 25 s.
import 'reflect-metadata'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  All,
  Controller,
  Injectable,
  Module,
  Req,
  Res,
  Scope,
  UseGuards,
  type ArgumentsHost,
  type CallHandler,
  type DynamicModule,
  type ExecutionContext,
  type INestApplication,
  type Type,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { memoryInbox, type Receiver } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { webhook } from '@postern/node'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { testAdapter, type Mounted, type Stage } from '@postern/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { InjectReceiver, OnWebhook, PosternModule } from '../src/index.ts'
import type { PosternHost } from '../src/host.ts'
import { postern } from '../src/testing.ts'
import { HOST, receiverToken } from '../src/tokens.ts'
import { appModule, decorate, Ledger, secret } from './app.ts'

const ADAPTERS = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
}

const open: INestApplication[] = []
afterEach(async () => {
  for (const app of open.splice(0)) {
    // Fetch keeps connections, for which Fastify waits.
    app.getHttpServer().closeAllConnections?.()
    await app.close()
  }
})

for (const [name, adapter] of Object.entries(ADAPTERS)) {
  testAdapter(
    { name: `NestJS 12 on ${name}`, mount: (stage) => staged(stage, adapter()) },
    { describe, test },
  )

  describe(`NestJS on ${name}`, () => {
    const start = async (module: Type): Promise<INestApplication> => {
      const app = await NestFactory.create(module, adapter() as never, { logger: false })
      open.push(app)
      return app
    }

    test('handlers on providers run, and what is dead is told', async () => {
      const app = await start(appModule())
      await app.listen(0, '127.0.0.1')
      const paid = await postern(app).deliver('stripe', 'invoice.paid', {}, { id: 'evt_1' })
      expect([
        paid.status,
        paid.tasks.map(({ state, subscription }) => [state, subscription]),
      ]).toEqual([200, [['done', 'Billing.paid']]])
      const failed = await postern(app).deliver('stripe', 'invoice.payment_failed')
      expect(failed.tasks.map(({ state }) => state)).toEqual(['dead'])
      await expect
        .poll(() => app.get(Ledger).lines)
        .toEqual(['paid evt_1 at attempt 1', 'dead broken'])
    })

    test('a webhook passes no guard, interceptor or prefix; other routes have them, and their parsed body', async () => {
      const app = await start(appModule())
      const seen: string[] = []
      const path = (context: ExecutionContext): string =>
        context.switchToHttp().getRequest<{ readonly url: string }>().url
      app.setGlobalPrefix('api')
      app.useGlobalGuards({
        canActivate: (context: ExecutionContext) => seen.push(`guard ${path(context)}`) > 0,
      })
      app.useGlobalInterceptors({
        intercept(context: ExecutionContext, next: CallHandler) {
          seen.push(`interceptor ${path(context)}`)
          return next.handle()
        },
      })
      await app.listen(0, '127.0.0.1')
      expect((await postern(app).deliver('github', 'push')).status).toBe(200)
      const forged = await postern(app).deliver('github', 'push', {}, { secret: 'another' })
      expect(forged.status).toBe(401)
      const { port } = app.getHttpServer().address() as { readonly port: number }
      const posted = await fetch(`http://127.0.0.1:${port}/api/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"a":1}',
      })
      expect(await posted.json()).toEqual({ a: 1 })
      expect(seen).toEqual(['guard /api/orders', 'interceptor /api/orders'])
    })

    test('no filter sees a rejection or what a handler throws; it has what other routes throw', async () => {
      const app = await start(appModule())
      const caught: unknown[] = []
      app.useGlobalFilters({
        catch(error: Error, host: ArgumentsHost) {
          caught.push(error.message)
          const response = host.switchToHttp().getResponse()
          app.getHttpAdapter().reply(response, 'filtered', 418)
        },
      })
      await app.listen(0, '127.0.0.1')
      const forged = await postern(app).deliver('stripe', 'invoice.paid', {}, { secret: 'other' })
      expect([forged.status, JSON.parse(forged.body)]).toMatchObject([
        401,
        { code: 'signature_mismatch' },
      ])
      const failed = await postern(app).deliver('stripe', 'invoice.payment_failed')
      expect([failed.status, failed.tasks[0]!.state]).toEqual([200, 'dead'])
      const { port } = app.getHttpServer().address() as { readonly port: number }
      const none = await fetch(`http://127.0.0.1:${port}/nowhere`)
      expect([none.status, caught]).toEqual([418, ['Cannot GET /nowhere']])
    })

    test('e2e tests need no option: a module is compiled, and a provider is replaced', async () => {
      const fake = new Ledger()
      const module = await Test.createTestingModule({ imports: [appModule()] })
        .overrideProvider(Ledger)
        .useValue(fake)
        .compile()
      const app = module.createNestApplication(adapter() as never, { logger: false })
      open.push(app)
      await app.init()
      expect(
        (await postern(app).deliver('stripe', 'invoice.paid', {}, { id: 'evt_2' })).status,
      ).toBe(200)
      expect(fake.lines).toEqual(['paid evt_2 at attempt 1'])
    })

    test('closing ends the receivers and the inbox before the hooks of the app', async () => {
      const order: string[] = []
      const made = memoryInbox()
      const inbox = { ...made, close: () => (order.push('inbox'), made.close()) }
      const app = await NestFactory.create(appModule(inbox), adapter() as never, { logger: false })
      await app.listen(0, '127.0.0.1')
      app.getHttpServer().once('close', () => order.push('server'))
      app.get(Ledger).lines.push = (line) => order.push(line)
      await postern(app).deliver('stripe', 'invoice.paid', {}, { id: 'evt_3' })
      await app.close()
      expect(order).toEqual(['paid evt_3 at attempt 1', 'server', 'inbox', 'app'])
    })
  })
}

describe('behind the guards of a controller, on Express', () => {
  class Hook {
    readonly take: ReturnType<typeof webhook>
    constructor(receiver: Receiver) {
      this.take = webhook(receiver)
    }
    handle(request: IncomingMessage, response: ServerResponse): void {
      this.take(request, response)
    }
  }
  let isOpen = true
  Controller('hooks/stripe')(Hook)
  UseGuards({ canActivate: () => isOpen })(Hook)
  InjectReceiver('stripe')(Hook, undefined, 0)
  Req()(Hook.prototype, 'handle', 0)
  Res()(Hook.prototype, 'handle', 1)
  decorate(Hook, 'handle', All())

  class AppModule {}
  Module({
    imports: [quiet('stripe', false, stripe({ secret }))],
    controllers: [Hook],
  })(AppModule)

  test('prefix and guard apply, the bytes are those of the wire, and filters see what the guard throws', async () => {
    const app = await NestFactory.create(AppModule, { logger: false, rawBody: true })
    open.push(app)
    const caught: string[] = []
    app.setGlobalPrefix('api')
    app.useGlobalFilters({
      catch(error: Error, host: ArgumentsHost) {
        caught.push(error.message)
        app.getHttpAdapter().reply(host.switchToHttp().getResponse(), 'filtered', 403)
      },
    })
    const path = '/api/hooks/stripe'
    const send = async (how: object = {}): Promise<number> =>
      (await postern(app).deliver('stripe', 'invoice.paid', { a: 1 }, { path, ...how })).status
    const arrived: string[] = []
    app.get<Receiver>(receiverToken('stripe'), { strict: false }).observe({
      replied: (_request, { outcome }) => void arrived.push(outcome),
    })
    expect(await send()).toBe(200)
    expect(await send({ secret: 'other' })).toBe(401)
    isOpen = false
    expect(await send()).toBe(403)
    expect(arrived).toEqual(['unhandled', 'rejected'])
    expect(caught).toEqual(['Forbidden resource'])
    await expect(postern(app).deliver('stripe', 'invoice.paid')).rejects.toThrow(
      'a controller mounts stripe; give its path as the option path',
    )
    await expect(postern(app).deliver('strip', 'invoice.paid')).rejects.toThrow(
      /no receiver is named strip; there are: stripe/,
    )
  })
})

describe('mistakes are a TypeError that says what to do', () => {
  const receiver = quiet('github', '/github', github({ secret }))
  const opened = async (providers: Type[], imports = [receiver]): Promise<unknown> => {
    class AppModule {}
    Module({ imports, providers })(AppModule)
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false })
    open.push(app)
    return app.init()
  }
  const handling = (name: string, scope?: Scope): Type => {
    class Handles {
      handle(): void {}
    }
    Injectable(scope === undefined ? {} : { scope })(Handles)
    decorate(Handles, 'handle', OnWebhook(name, '**'))
    return Handles
  }

  test('a provider of a request', async () => {
    await expect(opened([handling('github', Scope.REQUEST)])).rejects.toThrow(
      /Handles\.handle handles webhooks and is request-scoped/,
    )
  })
  test('a receiver that there is not', async () => {
    await expect(opened([handling('gitlab')])).rejects.toThrow(
      /names the receiver gitlab, and there is none.*there are: github/,
    )
  })
  test('two receivers of one name', async () => {
    const twin = quiet('github', '/twin', github({ secret }))
    await expect(opened([], [receiver, twin])).rejects.toThrow(
      /two receivers are named github: give each/,
    )
  })
  test('a path without a slash', () => {
    expect(() =>
      PosternModule.receiver('a', 'webhooks', { useFactory: () => ({}) as never }),
    ).toThrow('must start with a slash')
  })
})

/** Returns a receiver that logs nothing, and accepts events without a handler. */
function quiet(name: string, path: string | false, provider: Provider): DynamicModule {
  const options = { provider, log: false, onUnhandled: 'acknowledge' } as const
  return PosternModule.receiver(name, path, { useFactory: () => options })
}

/** Mounts a stage, which is a receiver of the contract tests, in an app. */
async function staged(stage: Stage, adapter: unknown): Promise<Mounted> {
  class AppModule {}
  Module({
    imports: [quiet('seed', '/seed', github({ secret }))],
  })(AppModule)
  const app = await NestFactory.create(AppModule, adapter as never, { logger: false })
  const host = app.get<PosternHost>(HOST, { strict: false })
  const context = (request: { readonly headers: Readonly<Record<string, unknown>> }): never =>
    stage.context((name) => request.headers[name]?.toString()) as never
  host.add({
    name: 'stage',
    path: '/hook',
    receiver: stage.receiver,
    options: { context },
    inbox: undefined,
  })
  await app.listen(0, '127.0.0.1')
  const { port } = app.getHttpServer().address() as { readonly port: number }
  return {
    url: `http://127.0.0.1:${port}/hook`,
    close: async () => {
      app.getHttpServer().closeAllConnections()
      await app.close()
    },
  }
}
