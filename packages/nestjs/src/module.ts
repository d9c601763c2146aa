import {
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
} from '@nestjs/common'
import { DiscoveryModule, DiscoveryService, HttpAdapterHost, MetadataScanner } from '@nestjs/core'
import { createReceiver, type Receiver, type ReceiverOptions } from '@postern/core'
import type { WebhookOptions } from '@postern/node'
import { PosternHost } from './host.ts'
import { HOST, receiverToken, ROOT } from './tokens.ts'

/** Options of all receivers of the app. A receiver's own options have priority. */
export type RootOptions = Partial<Omit<ReceiverOptions, 'provider' | 'name'>>

/** Options of {@link PosternModule.forRootAsync}. */
export interface RootDefinition extends Pick<ModuleMetadata, 'imports'> {
  /** Tokens of the factory's arguments. @default none */
  readonly inject?: FactoryProvider['inject']
  readonly useFactory: (...injected: any[]) => RootOptions | Promise<RootOptions>
}

/**
 * Result of a receiver's factory: options of `createReceiver`, or an existing receiver. `forRoot` adds nothing to an
 * existing receiver, and you close its inbox.
 */
export type MadeReceiver = Omit<ReceiverOptions, 'name'> | Receiver

/** Options of {@link PosternModule.receiver}. */
export interface ReceiverDefinition extends Pick<ModuleMetadata, 'imports'>, WebhookOptions {
  /** Tokens of the factory's arguments. @default none */
  readonly inject?: FactoryProvider['inject']
  readonly useFactory: (...injected: any[]) => MadeReceiver | Promise<MadeReceiver>
}

class PosternCoreModule {}
Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: HOST,
      inject: [HttpAdapterHost, DiscoveryService, MetadataScanner],
      useFactory: (
        adapter: HttpAdapterHost,
        discovery: DiscoveryService,
        scanner: MetadataScanner,
      ) => new PosternHost(adapter, discovery, scanner),
    },
  ],
  exports: [HOST],
})(PosternCoreModule)

/**
 * Module for receivers in a NestJS app on Express or Fastify. Each route is mounted before Nest's parsers, so you need
 * neither `rawBody` nor `bodyParser: false`, in `main.ts` or in tests. The app's global prefix, guards, interceptors,
 * pipes, filters and middleware do not apply to these routes: the signature authenticates a webhook.
 * `app.enableShutdownHooks()` closes the server, the receivers and the inboxes, and then calls the app's
 * `onApplicationShutdown`.
 *
 * @example
 * @Module({ imports: [ PosternModule.forRoot({ inbox: sqliteInbox({ path: 'webhooks.db' }) }),
 * PosternModule.receiver('stripe', '/webhooks/stripe', { inject: [ConfigService], useFactory: (config: ConfigService)
 * => ({ provider: stripe({ secret: config.getOrThrow('STRIPE_WEBHOOK_SECRET') }), }), }), ], providers: [Billing], })
 * export class AppModule {}
 */
export class PosternModule {
  /** Sets options of all receivers, such as the inbox. */
  static forRoot(options: RootOptions): DynamicModule {
    return PosternModule.forRootAsync({ useFactory: () => options })
  }

  /** Sets options of all receivers, from a factory with injected arguments. */
  static forRootAsync({ imports = [], inject = [], useFactory }: RootDefinition): DynamicModule {
    return {
      module: PosternModule,
      global: true,
      imports,
      providers: [{ provide: ROOT, inject, useFactory }],
      exports: [ROOT],
    }
  }

  /**
   * Creates a receiver and mounts it at a path, without the global prefix. If the path is `false`, no route is added:
   * mount the receiver in a controller method, which may have guards.
   *
   * @throws {TypeError} if the path is invalid.
   */
  static receiver(
    name: string,
    path: string | false,
    definition: ReceiverDefinition,
  ): DynamicModule {
    if (path !== false && (typeof path !== 'string' || !path.startsWith('/')))
      throw new TypeError(
        `PosternModule.receiver: the path of ${name} must start with a slash, such as /webhooks/${name}, or be false if a controller mounts it, got ${String(path)}`,
      )
    const { imports = [], inject = [], useFactory, ...options } = definition
    const token = receiverToken(name)
    return {
      module: PosternModule,
      global: true,
      imports: [PosternCoreModule, ...imports],
      providers: [
        {
          provide: token,
          inject: [HOST, { token: ROOT, optional: true }, ...inject],
          useFactory: async (
            host: PosternHost,
            root: RootOptions | undefined,
            ...injected: unknown[]
          ) => {
            const given = await useFactory(...injected)
            const made = isReceiver(given) ? undefined : { ...root, ...given, name }
            const receiver = isReceiver(given) ? given : createReceiver(made as ReceiverOptions)
            host.add({ name, path, receiver, options, inbox: made?.inbox })
            return receiver
          },
        },
      ],
      exports: [token],
    }
  }
}
Module({})(PosternModule)

function isReceiver(given: MadeReceiver): given is Receiver {
  return 'receive' in given
}
