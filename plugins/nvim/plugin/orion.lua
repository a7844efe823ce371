-- Declares `:Orion` and the names of its buffers. Nothing is started here: what a command needs is started by the command.
if vim.g.loaded_orion then
  return
end
vim.g.loaded_orion = 1

vim.api.nvim_create_user_command('Orion', function(given)
  require('orion.commands').run(given)
end, {
  nargs = '*',
  bang = true,
  desc = 'The shared state of this repository',
  complete = function(lead, line, position)
    return require('orion.commands').complete(lead, line, position)
  end,
})

local group = vim.api.nvim_create_augroup('orion', {})
vim.api.nvim_create_autocmd('BufReadCmd', {
  group = group,
  pattern = 'orion://*',
  desc = 'Shows a record or a view of Orion again',
  callback = function(given)
    require('orion.commands').read(given.buf, given.match)
  end,
})
vim.api.nvim_create_autocmd('VimLeavePre', {
  group = group,
  desc = 'Ends the connections to Orion',
  callback = function()
    local store = package.loaded['orion.store']
    if store then
      store.close_all()
    end
  end,
})
