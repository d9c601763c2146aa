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

/** What all receivers of the app have in common; a receiver's own options come before them. */
export type RootOptions = Partial<Omit<ReceiverOptions, 'provider' | 'name'>>

/** Options of {@link PosternModule.forRootAsync}. */
export interface RootDefinition extends Pick<ModuleMetadata, 'imports'> {
  /** What the factory is called with. @default nothing */
  readonly inject?: FactoryProvider['inject']
  readonly useFactory: (...injected: any[]) => RootOptions | Promise<RootOptions>
}

/**
 * What the factory of a receiver returns: options of `createReceiver`, or a receiver that another file makes, to which
 * `forRoot` adds nothing and whose inbox its maker closes.
 */
export type MadeReceiver = Omit<ReceiverOptions, 'name'> | Receiver

/** How {@link PosternModule.receiver} makes a receiver and mounts it. */
export interface ReceiverDefinition extends Pick<ModuleMetadata, 'imports'>, WebhookOptions {
  /** What the factory is called with. @default nothing */
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
 * Receivers in a NestJS app on Express or Fastify. Each route is put in front of Nest's parsers: neither `rawBody` nor
 * `bodyParser: false` is needed, in `main.ts` or in tests. A webhook is verified by its signature: global prefix, guards,
 * interceptors, pipes, filters and middleware of the app do not apply to its route. `app.enableShutdownHooks()` ends the server, the
 * receivers, the inboxes and then calls the app's own `onApplicationShutdown`.
 *
 * @example
 * @Module({
 *   imports: [
 *     PosternModule.forRoot({ inbox: sqliteInbox({ path: 'webhooks.db' }) }),
 *     PosternModule.receiver('stripe', '/webhooks/stripe', {
 *       inject: [ConfigService],
 *       useFactory: (config: ConfigService) => ({
 *         provider: stripe({ secret: config.getOrThrow('STRIPE_WEBHOOK_SECRET') }),
 *       }),
 *     }),
 *   ],
 *   providers: [Billing],
 * })
 * export class AppModule {}
 */
export class PosternModule {
  /** Sets what all receivers have in common, such as the inbox. */
  static forRoot(options: RootOptions): DynamicModule {
    return PosternModule.forRootAsync({ useFactory: () => options })
  }

  /** The same from a factory, with what it injects. */
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
   * Makes a receiver and mounts it at a path, which no global prefix moves. With `false` it has no route: a method of a
   * controller mounts it, behind guards. Throws a `TypeError` if the path is none.
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
