--- Orion in Neovim: the shared state of a repository, live. `:help orion` has the whole of it.
local M = {}

--- Takes settings. Without it the usual ones hold, so that it is one line or none.
---
---@param settings? table See `:help orion-settings`.
function M.setup(settings)
  local config = require('orion.config')
  local problems = config.set(settings or {})
  for _, problem in ipairs(problems) do
    vim.notify('orion.setup: ' .. problem, vim.log.levels.ERROR)
  end
  require('orion.paint').define()
  if config.get().connect == 'startup' and #problems == 0 then
    require('orion.store').current():start()
  end
end

--- A short text for the status line: `orion`, what fails, what waits for somebody. Empty as long as nothing was asked of
--- Orion. It asks nothing, and holds no text of a record.
---
---@return string
function M.status()
  local store = package.loaded['orion.store']
  if not store then
    return ''
  end
  return store.status_text()
end

--- The same as numbers: `{state, failing, waiting, problem}`; nil as long as nothing was asked of Orion.
---
---@return table?
function M.status_facts()
  local store = package.loaded['orion.store']
  return store and store.status_facts() or nil
end

return M
