// Stripe on NestJS. Handlers are methods of providers. Webhooks need only enableShutdownHooks() in this file.
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { AppModule } from './app.module.ts'

const adapter = process.argv[2] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter()
const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'] })
app.enableShutdownHooks()
await app.listen(Number(process.env.PORT ?? 3000))
console.log('listening', app.getHttpServer().address())
