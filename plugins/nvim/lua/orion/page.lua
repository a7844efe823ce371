--- A buffer that shows one thing: asked for when it is opened, and again when something about it has changed.
local buffers = require('orion.buffers')
local faces = require('orion.faces')
local paint = require('orion.paint')

local M = {}
local Page = {}
Page.__index = Page

local pause_ms = 200

--- Opens a page.
---
---@param store table
---@param parts string[] Parts of the buffer's name.
---@param what table load(done), draw(value) → lines, keys?, subject?, type? and id? (whose events it lives on), related?(value)
---@param options? {buffer?: integer, split?: string, done?: fun(page: table)}
function M.open(store, parts, what, options)
  options = options or {}
  local buffer, fresh = buffers.get(store.root, parts, { buffer = options.buffer })
  local page = buffers.model(buffer)
  if fresh or not page then
    page = setmetatable({ store = store, buffer = buffer, what = what, keys = vim.list_extend({}, what.keys or {}) }, Page)
    table.insert(page.keys, {
      'gr',
      function()
        page:refresh()
      end,
      'ask again',
    })
    buffers.attach(buffer, page)
    page:_live()
  end
  page.done = options.done
  buffers.show(buffer, options.split)
  page:refresh()
  return page
end

function Page:_live()
  if not self.what.type then
    return
  end
  self.feed = self.store:subscribe({ patterns = { self.what.type .. '.*' }, policy = 'coalesce' }, {
    events = function(events)
      for _, event in ipairs(events) do
        if event.id == self.what.id then
          return self:touch()
        end
      end
    end,
    gap = function()
      self:touch()
    end,
  })
end

--- Lives on what it depends on, too, from when that is known.
function Page:_follow()
  local related = not self.related_feed and self.value and self.what.related and self.what.related(self.value) or {}
  local patterns, wanted = {}, {}
  for _, one in ipairs(related) do
    wanted[one.type .. '/' .. one.id] = true
    if not vim.tbl_contains(patterns, one.type .. '.*') then
      table.insert(patterns, one.type .. '.*')
    end
  end
  if #patterns == 0 then
    return
  end
  self.related_feed = self.store:subscribe({ patterns = patterns, policy = 'coalesce' }, {
    events = function(events)
      for _, event in ipairs(events) do
        if wanted[(event.type or '') .. '/' .. (event.id or '')] then
          return self:touch()
        end
      end
    end,
    gap = function()
      self:touch()
    end,
  })
end

--- Something about it has changed: asks again, soon.
function Page:touch()
  if self.timer or self.closed then
    return
  end
  self.timer = vim.defer_fn(function()
    self.timer = nil
    self:refresh()
  end, pause_ms)
end

--- Asks again. One question at a time.
function Page:refresh()
  if self.closed then
    return
  end
  if self.asking then
    self.again = true
    return
  end
  self.asking, self.again = true, false
  if vim.api.nvim_buf_line_count(self.buffer) <= 1 then
    paint.put(self.buffer, { { { 'asking …', 'OrionDim' } } })
  end
  self.what.load(function(problem, value)
    self.asking = false
    if self.closed or not vim.api.nvim_buf_is_valid(self.buffer) then
      return
    end
    self.problem, self.value = problem, value
    local window = vim.fn.bufwinid(self.buffer)
    local view = window ~= -1 and vim.api.nvim_win_get_cursor(window) or nil
    paint.put(self.buffer, problem and faces.lines(problem) or self.what.draw(value))
    if view then
      view[1] = math.min(view[1], vim.api.nvim_buf_line_count(self.buffer))
      vim.api.nvim_win_set_cursor(window, view)
    end
    if self.again then
      self:touch()
    end
    self:_follow()
    local done = self.done
    self.done = nil
    if done then
      done(self)
    end
  end)
end

--- What commands without an id are about.
function Page:subject()
  return self.what.subject and self.what.subject(self) or nil
end

--- Ends it.
function Page:close()
  self.closed = true
  if self.feed then
    self.feed:close()
  end
  if self.related_feed then
    self.related_feed:close()
  end
end

return M
