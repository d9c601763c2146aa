// `node --import` of this file runs an app on NestJS 11, whatever its own packages are.
import { registerHooks } from 'node:module'

registerHooks({
  resolve: (specifier, context, next) =>
    next(
      specifier,
      /^@nestjs\/(?:common|core|platform-|testing)/.test(specifier) &&
        !context.parentURL?.includes('/node_modules/.pnpm/@nestjs+')
        ? { ...context, parentURL: import.meta.url }
        : context,
    ),
})
