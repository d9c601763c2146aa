import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { PosternModule } from '@postern/nestjs'
import { port, receivers } from './receivers.mjs'

class AppModule {}
Module({
  imports: Object.entries(receivers).map(([name, one]) =>
    PosternModule.receiver(name, `/webhooks/${name}`, { useFactory: () => one }),
  ),
})(AppModule)
const made = process.env.FASTIFY ? await fastify() : []
const app = await NestFactory.create(AppModule, ...made, { logger: ['error'] })
app.enableShutdownHooks()
await app.listen(port)

async function fastify() {
  const { FastifyAdapter } = await import('@nestjs/platform-fastify')
  return [new FastifyAdapter()]
}
